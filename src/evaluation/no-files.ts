import { DomainError } from '../domain/errors.ts';
import type { RowFiles } from '../domain/evaluation.ts';

/** For a service that keeps no files: every id is unknown. */
export const noFiles: RowFiles = {
  async readRows(id) {
    throw new DomainError('not_found', 'file_not_found', `There is no file "${id}".`, {
      param: 'file',
      given: id,
    });
  },
};
