/** Rows that a tiny model learns: the label follows from one word. */
export const moodRows = (count: number): readonly { readonly text: string; readonly label: string }[] =>
  Array.from({ length: count }, (_, i) =>
    i % 2 === 0
      ? { text: `the film was good ${i % 7}`, label: 'good' }
      : { text: `the film was bad ${i % 5}`, label: 'bad' },
  );

export const jsonLines = (rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
