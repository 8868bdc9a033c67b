import { Type } from 'typebox';

/**
 * How much one request may hold, whatever the limit of its bytes. They bound the work of a refusal; whether a
 * text fits the model is said later, in tokens.
 */

/** Characters of one text. */
export const MAX_TEXT = 1_048_576;
/** Token ids of one list: the longest context of the supported models. */
export const MAX_TOKEN_IDS = 131_072;
/** Inputs or prompts of one request. */
export const MAX_INPUTS = 256;
/** Chat messages of one request, and parts of one message. */
export const MAX_MESSAGES = 1024;
/** Largest count or token id that is meant seriously. */
export const MAX_COUNT = 2_147_483_647;

export const Text = Type.String({ maxLength: MAX_TEXT });
export const NonEmptyText = Type.String({ minLength: 1, maxLength: MAX_TEXT });
export const TokenId = Type.Integer({ minimum: 0, maximum: MAX_COUNT });
export const StopString = Type.String({ minLength: 1, maxLength: 1024 });

/** One label of `classify`. */
export const Label = Type.String({ minLength: 1, maxLength: 1024 });
export const LABEL_COUNTS = { minItems: 2, maxItems: 1024 };
