/** PEFT's prompt-learning methods that this service can serve (`peft.utils.PeftType`). */
export const PEFT_TYPES = ['PROMPT_TUNING', 'P_TUNING'] as const;
export type PeftType = (typeof PEFT_TYPES)[number];

/** Largest adapter_config.json: PEFT's are below 4 KiB, and an initialisation text can add to that. */
export const MAX_ADAPTER_CONFIG_BYTES = 256 * 1024;
