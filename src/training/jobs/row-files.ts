import { createReadStream } from 'node:fs';
import { DomainError } from '../../domain/errors.ts';
import type { RowFiles } from '../../domain/evaluation.ts';
import type { TrainingStore } from '../../domain/training.ts';

/** The uploaded files, for evaluations. */
export function rowFiles(store: Pick<TrainingStore, 'getFile' | 'contentPath'>): RowFiles {
  return {
    async readRows(id) {
      const file = store.getFile(id);
      if (file !== null)
        return { source: createReadStream(store.contentPath(file.sha256)), format: file.format };
      throw new DomainError('not_found', 'file_not_found', `There is no file "${id}".`, {
        param: 'file',
        given: id,
      });
    },
  };
}
