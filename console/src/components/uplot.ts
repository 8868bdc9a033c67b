// Loaded when the first plot is shown: most pages have none.
import 'uplot/dist/uPlot.min.css';

export { default } from 'uplot';
