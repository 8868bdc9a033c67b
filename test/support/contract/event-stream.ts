/** The data of each event of a text of server-sent events. Throws when there is anything else in it. */
export function dataOf(text: string): string[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      if (!block.startsWith('data: ') || block.includes('\n'))
        throw new Error(`no event: ${block.slice(0, 80)}`);
      return block.slice('data: '.length);
    });
}
