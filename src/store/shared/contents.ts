import { open } from 'node:fs/promises';
import type { RemoteContents } from '../learning/remote-contents.ts';
import type { Connection } from './connection.ts';

const PART_BYTES = 2 ** 20;

/** Contents of training files in the shared database. A content that no file has is left for an hour: one may come. */
export function sharedContents(connection: Connection): RemoteContents {
  return {
    async put(sha256, path) {
      const file = await open(path);
      try {
        const buffer = Buffer.allocUnsafe(PART_BYTES);
        for (let part = 0; ; part++) {
          const { bytesRead } = await file.read(buffer, 0, PART_BYTES);
          if (bytesRead === 0 && part > 0) return;
          await connection.use((client) =>
            client.query(
              `INSERT INTO content_parts (sha256, part, bytes) VALUES ($1, $2, $3)
               ON CONFLICT (sha256, part) DO UPDATE SET created_at = now()`,
              [sha256, part, buffer.subarray(0, bytesRead)],
            ),
          );
        }
      } finally {
        await file.close();
      }
    },
    async *get(sha256) {
      for (let part = 0; ; part++) {
        const { rows } = await connection.use((client) =>
          client.query<{ bytes: Buffer }>('SELECT bytes FROM content_parts WHERE sha256 = $1 AND part = $2', [
            sha256,
            part,
          ]),
        );
        if (rows[0] === undefined) return;
        yield rows[0].bytes;
      }
    },
    async sweep() {
      await connection.use((client) =>
        client.query(`
          DELETE FROM content_parts p WHERE created_at < now() - interval '1 hour'
          AND NOT EXISTS (SELECT 1 FROM training_files f WHERE f.sha256 = p.sha256)`),
      );
    },
  };
}
