/** Where a process of a proof runs. */
export interface Place {
  /** At which the other processes reach it. */
  readonly address: string;
  /** The port that it should listen on; 0: a free one. */
  readonly port: number;
  /** How a program is started there. */
  command(program: string, args: readonly string[]): readonly [program: string, args: readonly string[]];
}

/** This machine. */
export const HERE: Place = {
  address: '127.0.0.1',
  port: 0,
  command: (program, args) => [program, args],
};
