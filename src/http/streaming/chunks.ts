import type { FinishReason } from '../../domain/engine.ts';
import type { Generation, InferenceEvent } from '../../domain/inference.ts';
import { usageBody } from '../schemas/common.ts';

type Delta = Extract<InferenceEvent, { type: 'delta' }>;

/** How the choices of one kind of stream look. */
export interface ChunkForm {
  /** What stands in front of a choice's first piece; null: nothing. */
  opening(choice: number): object | null;
  /** Null: the piece holds nothing that this client wants. */
  delta(event: Delta): object | null;
  finish(choice: number, reason: FinishReason): object;
}

/** Fields that all objects of one response share. */
export interface Envelope {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
}

/** The chunks of a stream in OpenAI's form: one choice each, and one with the usage at the end if asked for. */
export async function* chunks(
  generation: Generation,
  envelope: Envelope,
  form: ChunkForm,
  includeUsage: boolean,
): AsyncGenerator<object> {
  const opened = new Set<number>();
  const chunk = (choice: object): object => ({
    ...envelope,
    choices: [choice],
    ...(includeUsage && { usage: null }),
  });
  for await (const event of generation.events) {
    if (!opened.has(event.choice)) {
      opened.add(event.choice);
      const opening = form.opening(event.choice);
      if (opening) yield chunk(opening);
    }
    const choice = event.type === 'finish' ? form.finish(event.choice, event.reason) : form.delta(event);
    if (choice) yield chunk(choice);
  }
  if (includeUsage) yield { ...envelope, choices: [], usage: usageBody(generation.usage()) };
}
