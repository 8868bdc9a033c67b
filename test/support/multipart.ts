/** One part of a form: a file if it has a file name, else a text field. */
export interface Part {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly filename?: string;
  readonly type?: string;
}

const BOUNDARY = 'softprompt-test-boundary';

export const MULTIPART_HEADERS = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

export const CONFIG_PART: Part = {
  name: 'adapter_config',
  content: '{"peft_type":"PROMPT_TUNING"}',
  filename: 'adapter_config.json',
  type: 'application/json',
};
export const MODEL_PART: Part = {
  name: 'adapter_model',
  content: 'tensor bytes',
  filename: 'adapter_model.safetensors',
};

/** A multipart body, written by hand so that tests can break it. */
export function multipartBody(parts: readonly Part[], end = `--${BOUNDARY}--\r\n`): Buffer {
  const chunks = parts.flatMap(({ name, content, filename, type = 'application/octet-stream' }) => {
    const disposition = `form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`;
    const typeLine = filename === undefined ? '' : `Content-Type: ${type}\r\n`;
    const head = `--${BOUNDARY}\r\nContent-Disposition: ${disposition}\r\n${typeLine}\r\n`;
    return [Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')];
  });
  return Buffer.concat([...chunks, Buffer.from(end)]);
}
