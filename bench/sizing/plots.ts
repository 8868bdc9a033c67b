import type { Point } from './curves.ts';
import { type DatabaseFigures, mostUploads } from './database.ts';
import { drawPlot, type Line } from './plot.ts';
import type { PolicyName } from './policy.ts';

const MIB = 2 ** 20;
const NAMES: Readonly<Record<PolicyName, string>> = {
  random: 'at random',
  hash: 'by hash of the task',
  bounded: 'by hash, bounded load',
};
const POLICIES = Object.keys(NAMES) as readonly PolicyName[];
const REPLICA_TICKS = [1, 4, 16, 64, 256, 1000];
const SHARE_TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** Simulated points, and their closed form as a broken line of the same colour. */
function withTheory(
  name: string,
  colour: number,
  points: readonly Point[],
  xOf: (point: Point) => number,
): readonly Line[] {
  return [
    { name, colour, points: points.map((point) => [xOf(point), point.hitRate] as const) },
    {
      name: 'closed form',
      colour,
      isTheory: true,
      points: points.map((point) => [xOf(point), point.expected] as const),
    },
  ];
}

const replicasOf = ({ replicas }: Point): number => replicas;

/** Hit rates over the number of replicas, one popularity. */
export function hitRatePlot(points: readonly Point[], tasks: number): string {
  return drawPlot({
    title: `Prefixes found, Zipf exponent 1, ${tasks} tasks`,
    x: { name: 'replicas', ticks: REPLICA_TICKS, log: true },
    y: { name: 'part of the requests', ticks: SHARE_TICKS, log: false },
    lines: POLICIES.flatMap((policy, i) =>
      withTheory(
        NAMES[policy],
        i,
        points.filter((point) => point.policy === policy),
        replicasOf,
      ),
    ),
  });
}

/** How uneven the load is. */
export function loadPlot(points: readonly Point[], tasks: number): string {
  return drawPlot({
    title: `The busiest replica, Zipf exponent 1, ${tasks} tasks`,
    x: { name: 'replicas', ticks: REPLICA_TICKS, log: true },
    y: { name: 'its requests over the mean', ticks: [1, 2, 5, 10, 20, 50, 100], log: true },
    lines: POLICIES.map((policy, colour) => ({
      name: NAMES[policy],
      colour,
      points: points
        .filter((point) => point.policy === policy)
        .map((point) => [point.replicas, point.busiest] as const),
    })),
  });
}

/** Hit rates over the size of each replica's cache, by the exponent of the popularity. */
export function cachePlot(
  points: ReadonlyMap<number, readonly Point[]>,
  tasks: number,
  replicas: number,
): string {
  return drawPlot({
    title: `Prefixes found by ${replicas} replicas, by hash of the task, ${tasks} tasks`,
    x: {
      name: '--prefix-cache-bytes of each replica, MiB',
      ticks: [16, 32, 64, 128, 256, 512, 1024],
      log: true,
    },
    y: { name: 'part of the requests', ticks: SHARE_TICKS, log: false },
    lines: [...points.entries()].flatMap(([exponent, all], i) =>
      withTheory(`exponent ${exponent}`, i, all, ({ cacheBytes }) => cacheBytes / MIB),
    ),
  });
}

/** Uploads that one database takes, by the number of replicas that follow. */
export function databasePlot(figures: DatabaseFigures): string {
  const replicas = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000];
  return drawPlot({
    title: 'Uploads a second up to which all replicas keep up, one PostgreSQL server',
    x: { name: 'replicas', ticks: REPLICA_TICKS, log: true },
    y: { name: 'uploads a second', ticks: [0.1, 1, 10, 100, 1000], log: true },
    lines: [
      {
        name: 'closed form',
        colour: 0,
        isTheory: true,
        points: replicas
          .map((count) => [count, mostUploads(count, figures)] as const)
          .filter(([, uploads]) => uploads >= 0.1),
      },
    ],
  });
}
