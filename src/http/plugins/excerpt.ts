/** At most 80 characters of a text of a client's own making, short enough to be repeated in an answer. */
export const excerpt = (text: string): string => (text.length <= 80 ? text : `${text.slice(0, 79)}…`);
