import { DomainError } from '../../domain/errors.ts';
import { SERVICE } from '../../domain/principal.ts';
import type { TrainingStore } from '../../domain/training.ts';
import { claimData, resultOf, withContent } from '../claims.ts';
import type { WriterClient } from '../writer-client.ts';
import { Contents } from './contents.ts';
import type { TrainingReads } from './reads.ts';

/** A training store that can tidy its directory. */
export interface SweepingStore extends TrainingStore {
  /** Removes contents that no file has. */
  sweep(): Promise<void>;
}

/** @param database its path begins the names of what lies beside it */
export async function createTrainingStore(
  database: string,
  { contents: knownContents, hasContent, ...reads }: TrainingReads,
  client: WriterClient,
): Promise<SweepingStore> {
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
    sweep: () => inTurn(() => contents.sweep(knownContents())),
    trainerLock: `${database}-trainer.lock`,
    contentPath: (sha256) => contents.path(sha256),
    async addFile(source, maxBytes, inspect, actor = SERVICE, claim = undefined) {
      const received = await contents.receive(source, maxBytes);
      try {
        const { sha256, bytes } = received;
        const found = await inspect(received.path);
        return await inTurn(async () => {
          await contents.keep(received);
          const file = { ...found, sha256, bytes };
          const claimed = claim ? withContent(claim, sha256) : null;
          try {
            return resultOf(await client.call('addTrainingFile', [file, actor, claimed]), claim);
          } catch (error) {
            // What was refused must not fill the disk; of what failed otherwise the row may be stored, so it stays.
            if (isRefused(error) && !hasContent(sha256)) await contents.remove(sha256);
            throw error;
          }
        });
      } finally {
        await contents.discard(received.path);
      }
    },
    deleteFile: (id, actor = SERVICE) =>
      inTurn(async () => {
        const unused = await client.call('deleteTrainingFile', [id, actor]);
        if (unused !== null) await contents.remove(unused);
      }),
    addJob: async (spec, actor = SERVICE, claim = undefined) =>
      resultOf(await client.call('addJob', [spec, actor, claim ? claimData(claim) : null]), claim),
    changeJob: (id, when, change, events = [], audited = undefined) =>
      client.call('changeJob', [id, when, change, events, audited]),
    addEvents: (job, events) => client.call('addJobEvents', [job, events]),
    saveCheckpoint: (checkpoint, content) =>
      client.call('saveCheckpoint', [checkpoint, content], content.byteLength),
    trimCheckpoints: (job) => client.call('trimCheckpoints', [job]),
  };
}

const isRefused = (error: unknown): boolean => error instanceof DomainError && error.kind !== 'unavailable';
