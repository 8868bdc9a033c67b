/** PEFT's prompt-learning methods that this service can serve (`peft.utils.PeftType`). */
export const PEFT_TYPES = ['PROMPT_TUNING', 'P_TUNING'] as const;
export type PeftType = (typeof PEFT_TYPES)[number];
