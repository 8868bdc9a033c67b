import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonLines, moodRows } from '../../test/support/training-rows.ts';
import { list } from '../kill/actor.ts';
import type { Cluster } from './cluster.ts';

const PAUSE_MS = 150;

export interface WrittenFiles {
  readonly sent: number;
  /** Not answered with success. */
  readonly failed: number;
  /** Of these: there all the same. */
  readonly unknown: number;
  /** Answered with success and not there. */
  readonly lost: number;
  /** There more than once. */
  readonly twice: number;
}

/** Uploads files of rows through the proxy, each once, with a name of its own; nothing is sent again from here. */
export class FileWriter {
  readonly #cluster: Cluster;
  readonly #name: 'with-key' | 'without-key';
  readonly #acknowledged = new Set<string>();
  readonly #failed = new Set<string>();

  constructor(cluster: Cluster, name: 'with-key' | 'without-key') {
    this.#cluster = cluster;
    this.#name = name;
  }

  async run(isDone: () => boolean): Promise<void> {
    for (let i = 0; !isDone(); i++) {
      const name = `${this.#name}-${i}.jsonl`;
      const isThere = await this.#upload(name).catch(() => false);
      (isThere ? this.#acknowledged : this.#failed).add(name);
      await sleep(PAUSE_MS);
    }
  }

  /** Compares what was answered with what is there. */
  async verify(): Promise<WrittenFiles> {
    const { proxy, key } = this.#cluster;
    const files = await list<{ filename: string }>(proxy.url, '/v1/files', key);
    const counts = new Map<string, number>();
    for (const { filename } of files) counts.set(filename, (counts.get(filename) ?? 0) + 1);
    const sent = [...this.#acknowledged, ...this.#failed];
    return {
      sent: sent.length,
      failed: this.#failed.size,
      unknown: [...this.#failed].filter((name) => counts.has(name)).length,
      lost: [...this.#acknowledged].filter((name) => !counts.has(name)).length,
      twice: sent.filter((name) => (counts.get(name) ?? 0) > 1).length,
    };
  }

  async #upload(name: string): Promise<boolean> {
    const { proxy, key } = this.#cluster;
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    form.set('file', new Blob([jsonLines([...moodRows(4), { text: name, label: 'good' }])]), name);
    const headers: Record<string, string> = { authorization: `Bearer ${key}` };
    if (this.#name === 'with-key') headers['idempotency-key'] = randomUUID();
    const response = await fetch(`${proxy.url}/v1/files`, { method: 'POST', body: form, headers });
    await response.text();
    return response.ok;
  }
}
