import { readFileSync } from 'node:fs';
import type { Place } from '../support/place.ts';

/** The configuration that users take. */
export const PROXY_CONFIG = new URL('../../deploy/haproxy/haproxy.cfg', import.meta.url);

export interface ProxySite {
  readonly place: Place;
  readonly replicas: readonly Place[];
  /** Path of the admin socket. */
  readonly socket: string;
}

/** The configuration that users take, with the addresses of a proof; all else stays. Throws when a line is not there. */
export function proxyConfig({ place, replicas, socket }: ProxySite): string {
  const changes: readonly (readonly [RegExp, string])[] = [
    [/^ *bind \S+$/m, `bind ${place.address}:${place.port}`],
    [/^ *stats socket \S+ mode 660/m, `stats socket ${socket} mode 600`],
    [/^ *log \/dev\/log local0$/m, ''],
    [/^ *user haproxy\n *group haproxy$/m, ''],
    [
      /(^ *server \S+ \S+ id \d+\n)+/m,
      replicas
        .map(({ address, port }, i) => `server ${replicaName(i)} ${address}:${port} id ${i + 1}\n`)
        .join(''),
    ],
  ];
  return changes.reduce(
    (text, [pattern, replacement]) => {
      if (!pattern.test(text)) throw new Error(`the configuration has no line like ${pattern}`);
      return text.replace(pattern, replacement);
    },
    readFileSync(PROXY_CONFIG, 'utf8'),
  );
}

/** As the configuration names them. */
export const replicaName = (index: number): string => `replica${index + 1}`;
