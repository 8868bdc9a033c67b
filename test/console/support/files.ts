import type { Locator } from 'playwright-core';

export interface GivenFile {
  readonly name: string;
  readonly content: Uint8Array | string;
}

/** Drops files on an element, as a person drags them there. */
export async function drop(target: Locator, files: readonly GivenFile[]): Promise<void> {
  const items = files.map(({ name, content }) => [name, Buffer.from(content).toString('base64')]);
  const dataTransfer = await target.page().evaluateHandle(`{
    const transfer = new DataTransfer();
    for (const [name, content] of ${JSON.stringify(items)}) {
      transfer.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
    }
    transfer;
  }`);
  await target.dispatchEvent('dragover', { dataTransfer });
  await target.dispatchEvent('drop', { dataTransfer });
}
