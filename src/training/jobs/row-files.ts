import { createReadStream } from 'node:fs';
import { DomainError } from '../../domain/errors.ts';
import type { RowFiles } from '../../domain/evaluation.ts';
import type { TrainingStore } from '../../domain/training-store.ts';
import { type FileReads, visibleFiles } from '../../domain/visibility.ts';

/** The uploaded files, for evaluations. */
export function rowFiles(store: FileReads & Pick<TrainingStore, 'contentPath'>): RowFiles {
  return {
    async readRows(id, caller) {
      const file = visibleFiles(store, caller).getFile(id);
      if (file !== null) {
        return { source: createReadStream(await store.contentPath(file.sha256)), format: file.format };
      }
      throw new DomainError('not_found', 'file_not_found', `There is no file "${id}".`, {
        param: 'file',
        given: id,
      });
    },
  };
}
