import { askForKey, forgetKey, key } from '../api/session.ts';
import { href, route } from '../router.ts';
import { service } from '../state/service.ts';
import { ThemeSwitch } from './theme-switch.tsx';

const PAGES = [
  ['tasks', 'Tasks'],
  ['playground', 'Playground'],
  ['classify', 'Classify'],
  ['compare', 'Compare'],
  ['training', 'Training'],
  ['prompt', 'Prompt'],
  ['similarity', 'Similarity'],
  ['live', 'Live'],
] as const;

export function Sidebar() {
  const [current = 'tasks'] = route.value.path;
  return (
    <aside class="sidebar">
      <a class="brand" href={href(['tasks'])}>
        <img src="./icon.svg" alt="" width="20" height="20" />
        softprompt
      </a>
      <nav aria-label="Pages">
        <ul>
          {PAGES.map(([path, name]) => (
            <li key={path}>
              <a href={href([path])} aria-current={path === current ? 'page' : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <footer>
        <Model />
        <button
          type="button"
          class="small"
          onClick={key.value === null ? () => void askForKey(null) : forgetKey}
        >
          {key.value === null ? 'Enter a key' : 'Forget the key'}
        </button>
        <ThemeSwitch />
      </footer>
    </aside>
  );
}

function Model() {
  const { value } = service;
  if (value === null) return null;
  return (
    <dl class="model">
      <dt>Model</dt>
      <dd title={value.model.id}>{value.model.id}</dd>
      <dt>Runs as</dt>
      <dd>
        {value.model.precision}, width {value.model.token_dim}
      </dd>
    </dl>
  );
}
