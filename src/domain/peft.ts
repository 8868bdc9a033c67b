/** PEFT's prompt-learning methods (`peft.utils.PeftType`) as which prompts are stored. */
export const PEFT_TYPES = ['PROMPT_TUNING', 'P_TUNING', 'PREFIX_TUNING'] as const;
export type PeftType = (typeof PEFT_TYPES)[number];

/** The methods whose adapters can be uploaded. Those that are not stored as they are become PROMPT_TUNING. */
export const ADAPTER_TYPES = [...PEFT_TYPES, 'MULTITASK_PROMPT_TUNING', 'CPT'] as const;
export type AdapterType = (typeof ADAPTER_TYPES)[number];

/** Largest adapter_config.json: PEFT's are below 4 KiB, and an initialisation text can add to that. */
export const MAX_ADAPTER_CONFIG_BYTES = 256 * 1024;
