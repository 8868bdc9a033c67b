/** Adds versions to the store in argv[2] and prints the hash of each as soon as it is acknowledged. */
import { openStore } from '../../src/store/store.ts';
import { version } from './temporary.ts';

const store = await openStore({ file: process.argv[2]! });
for (let index = 0; ; index++) {
  const given = version('mood', `content ${index} `.repeat(1000));
  await store.addVersion(given);
  if (index === 0) await store.activate('mood', 1);
  process.stdout.write(`${given.sha256}\n`);
}
