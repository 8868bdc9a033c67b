import type {
  Batch,
  BatchTiming,
  ClassifyRequest,
  ClassifyTiming,
  SoftPromptSupport,
  System,
} from '../system.ts';
import type { WorkerProcess } from './worker-process.ts';

/** The first line of a worker. */
export interface WorkerReady {
  /** Versions and the settings that were the fastest. */
  readonly description: string;
}

/** A peer behind a worker process; the worker measures the times itself, without the pipe to it. */
export class Peer implements System {
  readonly name: string;
  readonly description: string;
  readonly softPrompts: SoftPromptSupport;
  readonly classify?: (request: ClassifyRequest) => Promise<ClassifyTiming>;
  readonly #worker: WorkerProcess<WorkerReady>;

  constructor(
    name: string,
    worker: WorkerProcess<WorkerReady>,
    { softPrompts, classifies }: { readonly softPrompts: SoftPromptSupport; readonly classifies: boolean },
  ) {
    this.name = name;
    this.description = worker.ready.description;
    this.softPrompts = softPrompts;
    this.#worker = worker;
    if (classifies) {
      this.classify = ({ prompt, texts, labels }) =>
        worker.request({ classify: { prompt: prompt.ids, texts, labels } });
    }
  }

  generate({ rows, outputTokens }: Batch): Promise<BatchTiming> {
    const ids = rows.map(({ prompt, input }) => ({ prompt: prompt?.ids ?? [], input }));
    return this.#worker.request({ generate: { rows: ids, outputTokens } });
  }

  peakRss(): Promise<number | null> {
    return this.#worker.peakRss();
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}
