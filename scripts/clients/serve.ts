/**
 * Serves the small model of the test fixtures until its standard input ends, and prints the URL: what the checks of
 * clients in other languages talk to. Needs the build.
 */
import { once } from 'node:events';
import { createWorkplace, ServiceProcess } from '../../reliability/support/service-process.ts';

const place = await createWorkplace();
const service = await ServiceProcess.start(place);
console.log(service.url);
process.stdin.resume();
await once(process.stdin, 'end');
await service.stop();
await place.remove();
