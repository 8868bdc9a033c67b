import { BOUNDARY, mutateMultipart } from '../mutate/multipart.ts';
import { strictForm } from '../oracles/strict-form.ts';
import type { Input, Outcome, Target } from '../target.ts';
import { ADAPTERS } from './adapters.ts';
import { fuzzedApp, refusalCode } from './app.ts';

const HEADERS = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
const NAMES = ['adapter_config', 'adapter_model'] as const;

/** A prompt upload as a form through its route; what reaches the publisher must be what the form says. */
export async function createForms(): Promise<Target> {
  const { app, takeUploads } = await fuzzedApp();
  const run = async ({ bytes }: Input): Promise<Outcome> => {
    const url = '/v1/tasks/mood/prompts';
    const { statusCode, headers, body } = await app.inject({
      method: 'POST',
      url,
      headers: HEADERS,
      payload: bytes,
    });
    const uploads = takeUploads();
    const code = refusalCode(statusCode, headers['content-type'], body);
    if (code !== null) {
      if (uploads.length > 0) throw new Error(`refused with ${code}, but published`);
      return { kind: 'refused', code };
    }
    return { kind: 'accepted', shape: 'form', fault: formFault(bytes, uploads) };
  };
  const { config, model } = ADAPTERS.prompt!;
  return {
    seeds: [NAMES, NAMES.toReversed()].map((order) => ({
      context: 'form',
      bytes: form(order.map((name) => [name, name === 'adapter_config' ? config! : model])),
    })),
    mutate: ({ bytes }, random) => mutateMultipart(bytes, random),
    run,
    close: () => app.close(),
  };
}

type Uploads = ReturnType<Awaited<ReturnType<typeof fuzzedApp>>['takeUploads']>;

function formFault(body: Buffer, [upload, ...more]: Uploads): string | null {
  if (upload?.kind !== 'peft' || more.length > 0) return 'not one upload of two files';
  try {
    const parts = strictForm(body, BOUNDARY);
    const files = { adapter_config: upload.config, adapter_model: upload.model };
    for (const name of NAMES) {
      const own = parts.filter((part) => part.name === name && !part.isDoubtful);
      if (own.length > 1) return `${name} comes twice`;
      const possible = own.length > 0 ? own : parts.filter(({ isDoubtful }) => isDoubtful);
      if (!possible.some(({ content }) => content.equals(files[name]))) return `${name} has another content`;
    }
    const other = parts.find((part) => !part.isDoubtful && !(part.name in files));
    return other === undefined ? null : `there is a part ${other.name}`;
  } catch (error) {
    return String(error);
  }
}

function form(files: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const parts = files.flatMap(([name, content]) => [
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}.x"\r\n` +
        'Content-Type: application/octet-stream\r\n\r\n',
    ),
    content,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}
