import type { TrainingStore } from '../../domain/training.ts';
import type { WriterClient } from '../writer-client.ts';
import { Contents } from './contents.ts';
import type { TrainingReads } from './reads.ts';

/** @param database its path begins the names of what lies beside it */
export async function createTrainingStore(
  database: string,
  { contents: knownContents, ...reads }: TrainingReads,
  client: WriterClient,
): Promise<TrainingStore> {
  const contents = await Contents.open(`${database}-files`, knownContents());
  // Keeping a content and removing the same one must not cross.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    ...reads,
    trainerLock: `${database}-trainer.lock`,
    contentPath: (sha256) => contents.path(sha256),
    async addFile(source, maxBytes, inspect) {
      const received = await contents.receive(source, maxBytes);
      try {
        const { sha256, bytes } = received;
        const found = await inspect(received.path);
        return await inTurn(async () => {
          await contents.keep(received);
          return client.call('addTrainingFile', [{ ...found, sha256, bytes }]);
        });
      } finally {
        await contents.discard(received.path);
      }
    },
    deleteFile: (id) =>
      inTurn(async () => {
        const unused = await client.call('deleteTrainingFile', [id]);
        if (unused !== null) await contents.remove(unused);
      }),
    addJob: (spec) => client.call('addJob', [spec]),
    changeJob: (id, when, change, events = []) => client.call('changeJob', [id, when, change, events]),
    addEvents: (job, events) => client.call('addJobEvents', [job, events]),
    saveCheckpoint: (checkpoint, content) =>
      client.call('saveCheckpoint', [checkpoint, content], content.byteLength),
    trimCheckpoints: (job) => client.call('trimCheckpoints', [job]),
  };
}
