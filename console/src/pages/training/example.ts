import rows from '../../../../examples/urgency.csv?raw';

/** Rows to try training with, and the template with which the README learns them. */
export const EXAMPLE = { task: 'urgency', template: 'Message: {text} This is', rows };
