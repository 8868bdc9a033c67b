import assert from 'node:assert/strict';
import { DomainError, type ErrorKind } from '../../src/domain/errors.ts';

/** For assert.throws and assert.rejects: a DomainError of this kind and code about `param`. */
export function refused(
  code: string,
  param: string | undefined,
  kind: ErrorKind = 'unprocessable',
): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof DomainError, String(error));
    assert.deepEqual([error.kind, error.code, error.param], [kind, code, param], error.message);
    return true;
  };
}
