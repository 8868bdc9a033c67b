import { Type } from 'typebox';

/** Classify and score also take the base model's id, which need not be a task name. */
export const ServedParams = Type.Object({
  task: Type.String({ minLength: 1, maxLength: 256, description: "A task, or the base model's id." }),
});

export const Version = Type.Integer({
  minimum: 1,
  maximum: 999_999_999,
  description: 'A version other than the active one.',
});
