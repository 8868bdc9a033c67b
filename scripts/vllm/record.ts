/**
 * Records what a real vLLM server answers to test/support/vllm-scenario.ts, for test/e2e/vllm.test.ts:
 *
 *   node --import tsx scripts/vllm/record.ts --python VENV/bin/python
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbeddedService } from '../../test/support/embedded-service.ts';
import { keyOf, type Recorded, type VllmRecording } from '../../test/support/vllm-recording.ts';
import { runScenario } from '../../test/support/vllm-scenario.ts';
import { writeModel } from './model.ts';
import { VllmProcess } from './server.ts';

const OUT = fileURLToPath(new URL('../../test/fixtures/vllm/scenario.json', import.meta.url));

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    port: { type: 'string', default: '8191' },
    log: { type: 'string', default: join(tmpdir(), 'softprompt-vllm.log') },
  },
});
const { python, log } = values;
if (python === undefined) throw new Error('usage: record.ts --python VENV/bin/python');

/** Passes requests on to vLLM and keeps what it answers. */
async function startRecorder(target: string) {
  const exchanges = new Map<string, Recorded>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const method = request.method!;
    const headers = { 'content-type': 'application/json' };
    const answered = await fetch(`${target}${request.url}`, {
      method,
      ...(method === 'POST' && { headers, body }),
    });
    const { status } = answered;
    const type = answered.headers.get('content-type') ?? '';
    const content = await answered.text();
    if (method === 'POST') {
      const { key, asked } = keyOf(body);
      exchanges.set(key, { key, asked, status, type, body: content });
    }
    response.writeHead(status, { 'content-type': type }).end(content);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, exchanges, server };
}

const directory = await mkdtemp(join(tmpdir(), 'softprompt-vllm-'));
const model = join(directory, 'model');
await writeModel(model);
const vllm = await VllmProcess.start({ python, model, port: Number(values.port), log });
try {
  const recorder = await startRecorder(vllm.url);
  const service = await startEmbeddedService({ engine: 'vllm', vllmUrl: recorder.url });
  const seen = await runScenario(service.client);
  const models = await (await fetch(`${vllm.url}/v1/models`)).json();
  await service.close();
  recorder.server.closeAllConnections();
  recorder.server.close();
  const version = spawnSync(python, ['-c', 'import vllm; print(vllm.__version__)'], {
    encoding: 'utf8',
  });
  const recording: VllmRecording = {
    vllm: version.stdout.trim().split('\n').at(-1)!,
    models,
    exchanges: [...recorder.exchanges.values()],
    seen,
  };
  await writeFile(OUT, `${JSON.stringify(recording, null, 1)}\n`);
} finally {
  await vllm.kill();
  await rm(directory, { recursive: true, force: true });
}
