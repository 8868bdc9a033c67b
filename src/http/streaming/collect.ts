import type { FinishReason } from '../../domain/engine.ts';
import type { Generation } from '../../domain/inference.ts';
import { answering } from '../../thread-share.ts';
import { jsonBytes } from '../json-bytes.ts';
import { usageBody } from '../schemas/common.ts';
import { ChoiceContent } from './choice-content.ts';
import type { Writing } from './chunks.ts';

interface OpenChoice {
  readonly content: ChoiceContent;
  reason: FinishReason | null;
}

/**
 * Runs a generation to its end and writes it as one JSON text, in UTF-8. With log-probabilities that is megabytes: they are
 * written as they come. Rejects when a choice ends without a reason, as it does after an abort.
 */
export async function collect(generation: Generation, writing: Writing): Promise<Buffer> {
  const { envelope, form, want, tokens } = writing;
  const choices = Array.from(
    { length: generation.choices },
    (): OpenChoice => ({ content: new ChoiceContent(form, want, tokens), reason: null }),
  );
  for await (const events of generation.events) {
    for (const event of events) {
      const choice = choices[event.choice];
      if (choice === undefined) throw new Error(`An event for choice ${event.choice} of ${choices.length}.`);
      if (event.type === 'finish') choice.reason = event.reason;
      else choice.content.add(event);
    }
    if (answering.isOver()) await answering.next();
  }

  function* written(): Generator<string> {
    yield `${JSON.stringify(envelope).slice(0, -1)},"choices":[`;
    for (const [index, { content, reason }] of choices.entries()) {
      if (reason === null) throw new Error(`Choice ${index} ended without a reason.`);
      if (index > 0) yield ',';
      yield* content.take((text) => form.whole(index, text, reason));
    }
    yield `],"usage":${JSON.stringify(usageBody(generation.usage()))}}`;
  }
  return jsonBytes(written());
}
