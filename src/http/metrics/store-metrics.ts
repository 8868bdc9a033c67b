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
  }

  refresh(): void {
    this.#up.set(0);
    const { writeSeconds, pendingWrites, pendingBytes, databaseBytes, walBytes } = this.#stats();
    this.#writes.show(writeSeconds);
    this.#pending.set(pendingWrites);
    this.#pendingBytes.set(pendingBytes);
    this.#bytes.set({ file: 'database' }, databaseBytes);
    this.#bytes.set({ file: 'wal' }, walBytes);
    this.#up.set(1);
  }
}
