import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { type Logger, pino } from 'pino';
import { startService } from '../../src/compose.ts';
import { chooseDevice } from '../../src/engine/devices/choose.ts';
import { deviceName } from '../../src/engine/devices/device.ts';
import { inTemporaryDirectory, run } from '../cli/harness.ts';
import { recordingImporter } from '../model/cache-importer.ts';
import { startTestService } from '../support/service.ts';

/** A log, and its lines. */
function recordedLog() {
  const lines: { readonly device?: string; readonly msg: string }[] = [];
  const stream = new Writable({
    write: (line, _encoding, done) => {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  return { lines, log: pino({ level: 'info' }, stream) };
}

describe('the device', () => {
  it('that was named and is not there ends the start with what is missing', async () => {
    await inTemporaryDirectory(async (home) => {
      const model = join(home, 'tiny.gguf');
      await writeFile(model, 'weights');
      const args = ['serve', '--home', home, '--model', model, '--port', '0', '--device', 'cuda:99'];
      const { code, stdout, stderr } = await run([...args, '--log-level', 'silent'], {
        modelSources: { importer: recordingImporter().importer },
        startService,
      });
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /^error: The model cannot run on cuda:99: .{10,}\. \[device_unavailable\]$/m);
      assert.match(stderr, /^ {2}field: {4}device$/m);
    });
  });

  it('that is no device is refused as every bad setting is', async () => {
    const { code, stderr } = await run(['serve', '--device', 'tpu']);
    assert.equal(code, 1);
    assert.match(stderr, /--device has a value that is not allowed\. \[invalid_configuration\]/);
  });

  it('is the best one that is there unless it is named; log, /info and metrics say which', async () => {
    const { device, reason } = await chooseDevice('auto');
    const name = deviceName(device);
    const { lines, log } = recordedLog();
    const service = await startTestService({
      source: 'test/fixtures/peft/llama/model',
      name: 'llama',
      flags: { device: 'auto' },
      log,
    });
    try {
      const told = lines.filter((line) => line.device !== undefined);
      assert.deepEqual(
        told.map(({ device: logged, msg }) => [logged, msg]),
        [[name, reason]],
      );
      assert.equal((await service.client.ok<{ device: string }>('GET', '/info')).device, name);
      assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '0', 'as cuBLAS will find it');
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      assert.ok(metrics.includes(`softprompt_engine_info{engine="embedded",device="${name}"} 1\n`));
    } finally {
      await service.close();
    }
  });
});

describe('the device on which prompts are learned', () => {
  const start = (trainingDevice: string, log?: Logger) =>
    startTestService({
      source: 'test/fixtures/peft/llama/model',
      name: 'llama',
      flags: { trainingDevice },
      ...(log && { log }),
    });

  it('that was named and is not there ends the start with what is missing', async () => {
    await assert.rejects(start('cuda:99'), {
      code: 'device_unavailable',
      message: /^Prompts cannot be learned on cuda:99: .{10,}\.$/,
      param: 'training_device',
    });
  });

  it('that is no device is refused as every bad setting is', async () => {
    const { code, stderr } = await run(['serve', '--training-device', 'tpu']);
    assert.equal(code, 1);
    assert.match(stderr, /--training-device has a value that is not allowed\. \[invalid_configuration\]/);
  });

  it('is told at the start when it was named, else by the first job', async () => {
    for (const [wish, expected] of [
      ['cpu', ['prompts are learned on cpu, as configured']],
      ['auto', []],
    ] as const) {
      const { lines, log } = recordedLog();
      const service = await start(wish, log);
      await service.close();
      assert.deepEqual(
        lines.flatMap(({ msg }) => (msg.startsWith('prompts are learned') ? [msg] : [])),
        expected,
      );
    }
  });
});
