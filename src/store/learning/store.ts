import { DomainError } from '../../domain/errors.ts';
import { SERVICE } from '../../domain/principal.ts';
import type { JobSharing, TrainingStore } from '../../domain/training-store.ts';
import { claimData, resultOf, withContent } from '../claims.ts';
import type { WriterClient } from '../writer-client.ts';
import { Contents } from './contents.ts';
import type { TrainingReads } from './reads.ts';
import type { RemoteContents } from './remote-contents.ts';

/** A training store that can tidy its directory. */
export interface SweepingStore extends TrainingStore {
  /** Removes contents that no file has. */
  sweep(): Promise<void>;
}

export interface TrainingStoreParts {
  /** Its path begins the names of what lies beside it. */
  readonly database: string;
  readonly reads: TrainingReads;
  readonly client: WriterClient;
  /** Of a replica. */
  readonly shared: { readonly contents: RemoteContents; readonly sharing: JobSharing } | null;
}

export async function createTrainingStore({
  database,
  reads: { contents: knownContents, hasContent, ...reads },
  client,
  shared,
}: TrainingStoreParts): Promise<SweepingStore> {
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
    sweep: () =>
      inTurn(async () => {
        await contents.sweep(knownContents());
        await shared?.contents.sweep();
      }),
    sharing: shared?.sharing ?? { kind: 'turn', lock: `${database}-trainer.lock` },
    async contentPath(sha256) {
      if (shared !== null && !(await contents.has(sha256))) {
        await inTurn(() => fetchContent(contents, shared.contents, sha256));
      }
      return contents.path(sha256);
    },
    async addFile(source, maxBytes, inspect, actor = SERVICE, claim = undefined) {
      const received = await contents.receive(source, maxBytes);
      try {
        const { sha256, bytes } = received;
        const found = await inspect(received.path);
        return await inTurn(async () => {
          await contents.keep(received);
          // First the content: whoever sees the row finds it.
          await shared?.contents.put(sha256, contents.path(sha256));
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

/** Brings a content that another replica received. What is not there, or not whole, is left out: reading it fails then. */
async function fetchContent(contents: Contents, remote: RemoteContents, sha256: string): Promise<void> {
  if (await contents.has(sha256)) return;
  const received = await contents.receive(remote.get(sha256), Number.POSITIVE_INFINITY);
  try {
    if (received.sha256 === sha256) await contents.keep(received);
  } finally {
    await contents.discard(received.path);
  }
}

const isRefused = (error: unknown): boolean => error instanceof DomainError && error.kind !== 'unavailable';
