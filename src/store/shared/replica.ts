import type pg from 'pg';
import { DomainError } from '../../domain/errors.ts';

/** The frozen model of a replica: all that share a database have the same. */
export interface ReplicaModel {
  readonly id: string;
  readonly hash: string;
}

/** A replica that was not seen for so long has ended. */
const ALIVE = "interval '30 seconds'";

/**
 * Enters this process among the replicas. Throws `conflict` replica_model_differs while a replica with another model runs:
 * its prompts and this one's would not go together.
 */
export async function joinReplicas(client: pg.Client, id: string, model: ReplicaModel): Promise<void> {
  await client.query('BEGIN');
  try {
    // Two that join at the same time with different models must see each other.
    await client.query('LOCK TABLE replicas IN SHARE ROW EXCLUSIVE MODE');
    await client.query(`DELETE FROM replicas WHERE seen_at < now() - ${ALIVE}`);
    const { rows } = await client.query<{ model: string; model_hash: string }>(
      'SELECT model, model_hash FROM replicas WHERE model_hash <> $1 LIMIT 1',
      [model.hash],
    );
    if (rows[0] !== undefined) throw otherModel(model, { id: rows[0].model, hash: rows[0].model_hash });
    await stayAmongReplicas(client, id, model);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Says that this replica lives; one that was taken for dead is entered again. */
export async function stayAmongReplicas(client: pg.Client, id: string, model: ReplicaModel): Promise<void> {
  await client.query(
    `INSERT INTO replicas (id, model, model_hash) VALUES ($1, $2, $3)
     ON CONFLICT (id) DO UPDATE SET seen_at = now()`,
    [id, model.id, model.hash],
  );
}

export async function leaveReplicas(client: pg.Client, id: string): Promise<void> {
  await client.query('DELETE FROM replicas WHERE id = $1', [id]);
}

function otherModel(given: ReplicaModel, expected: ReplicaModel): DomainError {
  const message =
    `Replicas of this database serve ${expected.id} (${expected.hash}); this one has ${given.id} (${given.hash}). ` +
    'Stop the others first, or give this one a database of its own.';
  return new DomainError('conflict', 'replica_model_differs', message, {
    param: 'model',
    expected: expected.hash,
    given: given.hash,
  });
}
