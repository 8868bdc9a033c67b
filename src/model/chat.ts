import { Template } from '@huggingface/jinja';
import { DomainError } from '../domain/errors.ts';
import type { ChatMessage } from '../domain/inference.ts';

/** Strings of the tokens that chat templates refer to. */
export interface ChatTokens {
  readonly bos: string | null;
  readonly eos: string | null;
}

/** The model input for a conversation, ready for the assistant's answer. Special tokens are in the text. */
export type ChatRenderer = (messages: readonly ChatMessage[]) => string;

/**
 * Renders like transformers' `apply_chat_template(..., add_generation_prompt=True)`.
 * @param template Jinja source of the model; null: every call throws `unprocessable` no_chat_template
 *
 * The renderer throws `unprocessable` chat_template_failed when the template cannot be read or refuses the
 * messages (e.g. roles that do not alternate).
 */
export function createChatRenderer(template: string | null, tokens: ChatTokens): ChatRenderer {
  let parsed: Template | null = null;
  return (messages) => {
    if (template === null) {
      throw new DomainError('unprocessable', 'no_chat_template', 'The model has no chat template.', {
        param: 'messages',
      });
    }
    try {
      parsed ??= new Template(template);
      return parsed.render({
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: true,
        bos_token: tokens.bos ?? '',
        eos_token: tokens.eos ?? '',
        // Templates test these with "is none", which an undefined name would fail.
        tools: null,
        documents: null,
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DomainError('unprocessable', 'chat_template_failed', `The chat template refused: ${reason}`, {
        param: 'messages',
        cause,
      });
    }
  };
}
