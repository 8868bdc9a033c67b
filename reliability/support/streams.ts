/** How a stream ended, as its client saw it. */
export type StreamEnd =
  /** Every token, then `[DONE]`. */
  | 'finished'
  /** An error event, then `[DONE]`. */
  | 'told'
  /** A problem document instead of a stream. */
  | 'refused'
  /** In the middle, without `[DONE]`. */
  | 'cut';

export interface OpenedStream {
  readonly end: StreamEnd;
  /** Code of the error or of the problem. */
  readonly code: string | null;
}

/** Streams one completion to its end. Never rejects. @param onFirst called when the first bytes came */
export async function followStream(
  url: string,
  body: object,
  onFirst: () => void,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenedStream> {
  let text = '';
  let isStream = false;
  try {
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ ...body, stream: true, ignore_eos: true }),
    });
    isStream = response.ok;
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      if (isStream && text === '') onFirst();
      text += decoder.decode(chunk, { stream: true });
    }
  } catch {
    return { end: 'cut', code: null };
  }
  const code = /"code":"([a-z_]+)"/.exec(text)?.[1] ?? null;
  if (!isStream) return { end: 'refused', code };
  if (!text.endsWith('data: [DONE]\n\n')) return { end: 'cut', code };
  return { end: code === null ? 'finished' : 'told', code };
}
