import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';
import { CLAIM_MS, type Claim, MOST_CLAIMS, type OpenClaim } from '../domain/idempotency.ts';

/** What a write returns that a claim guards. */
export interface Once<T> {
  readonly result: T;
  /** It was created by an earlier request with the same claim. */
  readonly replayed: boolean;
}

/** The result, after the claim was told whether it is an earlier one. */
export function resultOf<T>({ result, replayed }: Once<T>, claim: OpenClaim | undefined): T {
  if (replayed) claim?.onReplay();
  return result;
}

/** The data of a claim, for the way to the writer thread. */
export function claimData({ owner, operation, key, fingerprint }: Claim): Claim {
  return { owner, operation, key, fingerprint };
}

/** The claim of an upload whose content is known now. */
export function withContent(claim: Claim, sha256: string): Claim {
  const fingerprint = createHash('sha256').update(`${claim.fingerprint} ${sha256}`).digest('hex');
  return { ...claimData(claim), fingerprint };
}

/**
 * What an earlier request with this claim created, or null. Throws `unprocessable` idempotency_key_reused when that
 * request asked for something else.
 */
export function claimReader(db: Database): (claim: Claim) => unknown {
  const select = db.prepare<[Claim & { since: number }], { fingerprint: string; result: string }>(`
    SELECT fingerprint, result FROM idempotency_keys
    WHERE owner = :owner AND operation = :operation AND key = :key AND created_at >= :since`);
  return (claim) => {
    const row = select.get({ ...claimData(claim), since: Date.now() - CLAIM_MS });
    if (row === undefined) return null;
    if (row.fingerprint === claim.fingerprint) return JSON.parse(row.result);
    throw new DomainError(
      'unprocessable',
      'idempotency_key_reused',
      'The Idempotency-Key was used for another request.',
      { param: 'idempotency-key', expected: 'the same request, or a new key', given: claim.key },
    );
  };
}

/**
 * Runs `create` unless the claim has a result; keeps the result with it. To be called inside the transaction that
 * creates. Throws as {@link claimReader} does, and `contended` too_many_idempotency_keys.
 */
export function claimWriter(db: Database): <T>(claim: Claim | null, create: () => T) => Once<T> {
  const earlier = claimReader(db);
  const count = db.prepare<[string], number>('SELECT count(*) FROM idempotency_keys WHERE owner = ?').pluck();
  const expire = db.prepare<[number]>('DELETE FROM idempotency_keys WHERE created_at < ?');
  const insert = db.prepare<[Claim & { result: string; created_at: number }]>(`
    INSERT INTO idempotency_keys (owner, operation, key, fingerprint, result, created_at)
    VALUES (:owner, :operation, :key, :fingerprint, :result, :created_at)`);
  return <T>(claim: Claim | null, create: () => T): Once<T> => {
    if (claim === null) return { result: create(), replayed: false };
    expire.run(Date.now() - CLAIM_MS);
    const found = earlier(claim);
    if (found !== null) return { result: found as T, replayed: true };
    if ((count.get(claim.owner) ?? 0) >= MOST_CLAIMS) throw tooMany();
    const result = create();
    insert.run({ ...claimData(claim), result: JSON.stringify(result), created_at: Date.now() });
    return { result, replayed: false };
  };
}

function tooMany(): DomainError {
  return new DomainError(
    'contended',
    'too_many_idempotency_keys',
    `At most ${MOST_CLAIMS} idempotency keys are remembered at the same time.`,
    { param: 'idempotency-key', expected: `at most ${MOST_CLAIMS} in 24 hours`, retryAfter: 3600 },
  );
}
