import type { Gauge } from 'prom-client';
import type { StoreStats } from '../../domain/store.ts';
import type { Instruments } from './instruments.ts';
import type { MirroredHistogram } from './mirrored-histogram.ts';

/** The database, copied from one snapshot a scrape. */
export class StoreMetrics {
  readonly #stats: () => StoreStats;
  readonly #up: Gauge;
  readonly #writes: MirroredHistogram;
  readonly #pending: Gauge;
  readonly #pendingBytes: Gauge;
  readonly #bytes: Gauge<'file'>;
  readonly #connected: Gauge;
  readonly #age: Gauge;

  constructor(instruments: Instruments, stats: () => StoreStats) {
    this.#stats = stats;
    this.#up = instruments.gauge('softprompt_store_up', 'Whether the database could be read for this page.');
    this.#writes = instruments.mirror(
      'softprompt_store_write_duration_seconds',
      'Time of a write of the database, its wait for others included.',
    );
    this.#pending = instruments.gauge(
      'softprompt_store_pending_writes',
      'Writes that wait or are under way.',
    );
    this.#pendingBytes = instruments.gauge('softprompt_store_pending_bytes', 'Bytes of the files in them.');
    this.#bytes = instruments.gauge(
      'softprompt_store_size_bytes',
      'Size of the database and of its write-ahead log (wal).',
      ['file'],
    );
    this.#connected = instruments.gauge(
      'softprompt_shared_store_connected',
      'Whether a replica reaches the database that it shares; of a store that is not shared always 1.',
    );
    this.#age = instruments.gauge(
      'softprompt_shared_store_age_seconds',
      'Time since a replica was seen to have all that others wrote; of a store that is not shared always 0.',
    );
  }

  refresh(): void {
    this.#up.set(0);
    const { writeSeconds, pendingWrites, pendingBytes, databaseBytes, walBytes, shared } = this.#stats();
    this.#writes.show(writeSeconds);
    this.#pending.set(pendingWrites);
    this.#pendingBytes.set(pendingBytes);
    this.#bytes.set({ file: 'database' }, databaseBytes);
    this.#bytes.set({ file: 'wal' }, walBytes);
    this.#connected.set(shared === null || shared.connected ? 1 : 0);
    this.#age.set(shared?.secondsSinceCurrent ?? 0);
    this.#up.set(1);
  }
}
