/** Where this project's trainer runs, as the tables name it. It knows the processor only. */
export const TRAINING_DEVICE = 'cpu';
