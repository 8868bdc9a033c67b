import type { PageOptions, Training, TrainingStats } from '../../src/domain/training.ts';

/** Training that has no files and no jobs: the routes are tested against the real one. */
export class FakeTraining implements Training {
  readonly maxFileBytes = 4096;
  readonly store = {
    getFile: () => null,
    listFiles: (_: PageOptions) => ({ items: [], next: null }),
    deleteFile: () => Promise.reject(new Error('not part of this fake')),
    contentPath: () => '',
    getJob: () => null,
    listJobs: (_: PageOptions) => ({ items: [], next: null }),
    listEvents: () => ({ items: [], next: null }),
    listCheckpoints: () => ({ items: [], next: null }),
  };
  addFile(): never {
    throw new Error('not part of this fake');
  }
  create(): never {
    throw new Error('not part of this fake');
  }
  cancel(): never {
    throw new Error('not part of this fake');
  }
  pause(): never {
    throw new Error('not part of this fake');
  }
  resume(): never {
    throw new Error('not part of this fake');
  }
  adapter(): never {
    throw new Error('not part of this fake');
  }
  follow(): never {
    throw new Error('not part of this fake');
  }
  stats(): TrainingStats {
    const jobs = {
      validating_files: 0,
      queued: 2,
      running: 1,
      paused: 0,
      succeeded: 3,
      failed: 1,
      cancelled: 0,
    };
    return { jobs, stepSeconds: 0.25 };
  }
}
