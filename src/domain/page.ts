/** Characters of the items of one page; an item that is longer by itself is a page. */
export const PAGE_CHARACTERS = 1_048_576;

/** The items of a page as they are found: as many as were asked for, and fewer when they are long. */
export class PageItems<T> {
  readonly items: T[] = [];
  private readonly limit: number;
  private characters = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** False: the page has ended without this item. */
  add(item: T, characters: number): boolean {
    this.characters += characters;
    if (this.items.length === this.limit) return false;
    if (this.items.length > 0 && this.characters > PAGE_CHARACTERS) return false;
    this.items.push(item);
    return true;
  }
}
