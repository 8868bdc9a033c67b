import type { JobClaims } from '../../domain/training-store.ts';
import type { Connection } from './connection.ts';

/** A server that has not renewed its claims for so long has ended, as the database's clock sees it. */
const LEASE = "interval '15 seconds'";

/** Claims of jobs as leases in the shared database. */
export function sharedClaims(connection: Connection, replica: string): JobClaims {
  return {
    async claim(lane, statuses) {
      const { rows } = await connection.use((client) =>
        client.query<{ job: string }>(
          `WITH candidate AS (
             SELECT j.id FROM training_jobs j WHERE j.status = ANY ($1::text[]) AND NOT EXISTS (
               SELECT 1 FROM job_leases l WHERE l.job = j.id AND l.lane = $2 AND l.replica <> $3 AND l.expires_at > now())
             ORDER BY array_position($1::text[], j.status), j.seq LIMIT 1 FOR UPDATE SKIP LOCKED)
           INSERT INTO job_leases (job, lane, replica, expires_at) SELECT id, $2, $3, now() + ${LEASE} FROM candidate
           ON CONFLICT (job, lane) DO UPDATE SET replica = excluded.replica, expires_at = excluded.expires_at
             WHERE job_leases.replica = excluded.replica OR job_leases.expires_at <= now()
           RETURNING job`,
          [statuses, lane, replica],
        ),
      );
      return rows[0]?.job ?? null;
    },
    async release(lane, job) {
      await connection.use((client) =>
        client.query('DELETE FROM job_leases WHERE job = $1 AND lane = $2 AND replica = $3', [
          job,
          lane,
          replica,
        ]),
      );
    },
    async renew() {
      const { rows } = await connection.use(async (client) => {
        await client.query("DELETE FROM job_leases WHERE expires_at < now() - interval '1 day'");
        return client.query<{ job: string }>(
          `UPDATE job_leases SET expires_at = now() + ${LEASE} WHERE replica = $1 RETURNING job`,
          [replica],
        );
      });
      return rows.map(({ job }) => job);
    },
  };
}
