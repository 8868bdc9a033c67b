import { createGraph, type Graph, gather, input, int64, scatterRows } from '../../graph/index.ts';
import type { KvShape } from './kv.ts';

/** Inputs and outputs of the graphs that move keys and values inside a device. */
export const DEVICE_IO = {
  plane: (plane: number): string => `plane.${plane}`,
  source: (plane: number): string => `source.${plane}`,
  written: (plane: number): string => `written.${plane}`,
  updates: 'updates',
  from: 'from',
  to: 'to',
  given: 'given',
  held: 'held',
} as const;

// A plane lies as [n, width]: n pieces of one or several positions of one head. The same memory is read with either width.

type Planes = Pick<KvShape, 'planes' | 'element'>;

const planesOf = ({ planes, element }: Planes, name: (plane: number) => string, count: string) =>
  Array.from({ length: planes }, (_, plane) => input(name(plane), element, [count, 'width']));

const outputsOf = <T>(values: readonly T[]): Record<string, T> =>
  Object.fromEntries(values.map((value, plane) => [DEVICE_IO.written(plane), value]));

/** Pieces `from` (int64 [k]) of `given` [n, width], in memory of their own: `held` [k, width]. */
export function holdGraph({ element }: Planes): Graph {
  const given = input(DEVICE_IO.given, element, ['n', 'width']);
  const from = input(DEVICE_IO.from, 'int64', ['k']);
  return createGraph([given, from], { [DEVICE_IO.held]: gather(given, from, 0) });
}

/** Every plane with its pieces `to` (int64 [k, 1]) replaced by those of `updates` [planes, k, width]. */
export function writeGraph(shape: Planes): Graph {
  const planes = planesOf(shape, DEVICE_IO.plane, 'n');
  const updates = input(DEVICE_IO.updates, shape.element, [shape.planes, 'k', 'width']);
  const to = input(DEVICE_IO.to, 'int64', ['k', 1]);
  const written = planes.map((plane, at) => scatterRows(plane, to, gather(updates, int64([at], []), 0)));
  return createGraph([...planes, updates, to], outputsOf(written));
}

/** Every plane with its pieces `to` (int64 [k, 1]) replaced by the pieces `from` (int64 [k]) of the source of the same number. */
export function copyGraph(shape: Planes): Graph {
  const planes = planesOf(shape, DEVICE_IO.plane, 'n');
  const sources = planesOf(shape, DEVICE_IO.source, 'm');
  const from = input(DEVICE_IO.from, 'int64', ['k']);
  const to = input(DEVICE_IO.to, 'int64', ['k', 1]);
  const written = planes.map((plane, at) => scatterRows(plane, to, gather(sources[at]!, from, 0)));
  return createGraph([...planes, ...sources, from, to], outputsOf(written));
}
