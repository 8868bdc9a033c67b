import type { TokenDetail } from '../domain/engine.ts';
import type { OutputToken } from '../domain/inference.ts';
import type { TextStream } from '../model/tokenizer-stream.ts';
import { findStop, heldLength } from './stop-strings.ts';

/** What may be shown now. The tokens' texts add up to the text, but for U+FFFD of a character cut at the end. */
export interface OutputPiece {
  readonly text: string;
  readonly tokens: readonly OutputToken[];
  /** A stop string was found; nothing follows. */
  readonly stopped: boolean;
}

interface PendingToken extends OutputToken {
  /** Where its text starts, in UTF-16 units from the start of the output. */
  readonly start: number;
}

/**
 * The text of one choice. Holds back the unfinished character and whatever could become a stop string; the
 * stop string and all after it are never shown.
 */
export class ChoiceOutput {
  private readonly stream: TextStream;
  private readonly stops: readonly string[];
  /** Length of the text shown. */
  private shown = 0;
  private held = '';
  private pending: PendingToken[] = [];

  constructor(stream: TextStream, stops: readonly string[]) {
    this.stream = stream;
    this.stops = stops;
  }

  push(id: number, detail: TokenDetail | null): OutputPiece {
    const text = this.stream.push(id);
    this.pending.push({ id, detail, text, start: this.shown + this.held.length });
    this.held += text;
    return this.release(false);
  }

  /** The generation ended: shows what was held back. */
  finish(): OutputPiece {
    const rest = this.stream.flush();
    const last = this.pending.pop();
    if (last) this.pending.push({ ...last, text: last.text + rest });
    this.held += rest;
    return this.release(true);
  }

  private release(final: boolean): OutputPiece {
    const match = findStop(this.held, this.stops);
    if (match) {
      const end = this.shown + match.start;
      const tokens = this.pending
        .filter(({ start }) => start < end)
        .map(({ id, text, detail, start }) => ({ id, detail, text: text.slice(0, end - start) }));
      return { text: this.held.slice(0, match.start), tokens, stopped: true };
    }
    const length = final ? this.held.length : this.held.length - heldLength(this.held, this.stops);
    const text = this.held.slice(0, length);
    this.held = this.held.slice(length);
    this.shown += length;
    const kept = final ? -1 : this.pending.findIndex((token) => !this.isComplete(token));
    const ready = this.pending.splice(0, kept < 0 ? this.pending.length : kept);
    return { text, tokens: ready.map(({ start: _, ...token }) => token), stopped: false };
  }

  /** A token without text may be the start of a character: it waits for text after it. */
  private isComplete({ start, text }: PendingToken): boolean {
    return text === '' ? start < this.shown : start + text.length <= this.shown;
  }
}
