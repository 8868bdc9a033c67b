import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/tables.css';
import './styles/parts.css';
import './styles/pages.css';
import { App } from './app.tsx';

render(<App />, document.getElementById('app')!);
