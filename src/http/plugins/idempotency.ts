import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { OpenClaim } from '../../domain/idempotency.ts';

const HEADER = 'idempotency-key';

/** Documents and checks the header; for `schema.headers` of an operation that creates. */
export const IdempotencyHeaders = Type.Object({
  [HEADER]: Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,255}$',
      description:
        'Names this request, so that it can be sent again: for 24 hours the same request with the same key gets the ' +
        'first answer and creates nothing. A UUID is a good key.',
    }),
  ),
});

/** For the headers of the answers of such an operation. */
export const idempotencyReplayed = {
  'idempotency-replayed': {
    type: 'string',
    optional: true,
    description: '`true` when this is the answer to an earlier request with the same Idempotency-Key.',
  },
} as const;

/** Whose keys they are. */
export const ownerOf = ({ principal }: FastifyRequest): string => principal.name ?? '';

/** Makes a request's claim from what it asks for, as it was understood; undefined without a key. */
type ClaimOf = (asked: readonly unknown[]) => OpenClaim | undefined;

/** The keys of one operation that requests are using now. */
export class IdempotencyKeys {
  readonly #operation: string;
  readonly #running = new Set<string>();

  /** @param operation its `operationId` */
  constructor(operation: string) {
    this.#operation = operation;
  }

  /**
   * Runs `work`, which reads the request and then makes its claim from all that it asks for. Throws `conflict`
   * idempotency_key_in_use while another request with this key is not answered yet.
   */
  async once<T>(
    request: FastifyRequest,
    reply: FastifyReply,
    work: (claimOf: ClaimOf) => Promise<T>,
  ): Promise<T> {
    const key = request.headers[HEADER];
    if (typeof key !== 'string') return work(() => undefined);
    const owner = ownerOf(request);
    const name = JSON.stringify([owner, key]);
    if (this.#running.has(name)) throw inUse(key);
    this.#running.add(name);
    try {
      return await work((asked) => ({
        owner,
        operation: this.#operation,
        key,
        fingerprint: fingerprint(asked),
        onReplay: () => void reply.header('idempotency-replayed', 'true'),
      }));
    } finally {
      this.#running.delete(name);
    }
  }
}

/** Independent of what may differ when a client sends the same again: the order of fields, boundaries of forms. */
function fingerprint(asked: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const item of asked) {
    const bytes = item instanceof Uint8Array ? item : Buffer.from(canonical(item));
    hash.update(`${bytes.length} `).update(bytes);
  }
  return hash.digest('hex');
}

function canonical(value: unknown): string {
  const sorted = (_key: string, item: unknown): unknown =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item;
  return JSON.stringify(value, sorted) ?? 'null';
}

function inUse(key: string): DomainError {
  return new DomainError(
    'conflict',
    'idempotency_key_in_use',
    'A request with this Idempotency-Key is not answered yet.',
    { param: HEADER, given: key, retryAfter: 1 },
  );
}
