/**
 * `npm run test:postgres [FILE...]`: the tests of the store once more, on a PostgreSQL server that this starts,
 * and those of replicas and their jobs. Debian: `apt-get install postgresql`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PostgresServer } from '../reliability/support/postgres-server.ts';

/** Those left out look into the SQLite file itself, or limit its size. */
const FILES = [
  ...['audit', 'serving', 'tasks', 'tidy', 'uses', 'versions', 'replicas', 'clock'].map(
    (name) => `test/store/${name}.test.ts`,
  ),
  'test/training/replicas.test.ts',
];

const given = process.argv.slice(2);
const server = await PostgresServer.start();
try {
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', '--import', new URL('./built/register.mjs', import.meta.url).href],
      ...['--test', '--test-reporter=spec', '--test-timeout=300000', '--test-concurrency=2'],
      ...(given.length > 0 ? given : FILES),
    ],
    { stdio: 'inherit', env: { ...process.env, SOFTPROMPT_TEST_POSTGRES: server.url } },
  );
  const [code] = await once(child, 'exit');
  process.exitCode = code ?? 1;
} finally {
  await server.remove();
}
