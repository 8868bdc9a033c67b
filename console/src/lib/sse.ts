/** Takes the text of a stream of server-sent events in pieces and gives the `data` of each event that is complete. */
export class EventParser {
  #rest = '';

  /** The events that end in this piece. */
  push(piece: string): readonly string[] {
    const parts = (this.#rest + piece).split('\n\n');
    this.#rest = parts.pop() ?? '';
    return parts.flatMap((part) => {
      const lines = part.split('\n').filter((line) => line.startsWith('data:'));
      return lines.length === 0 ? [] : [lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n')];
    });
  }
}
