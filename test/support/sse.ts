/** The data of each event of a text/event-stream body; throws on anything else than `data:` events. */
export function eventsOf(body: string): unknown[] {
  const blocks = body.split('\n\n');
  if (blocks.pop() !== '') throw new Error('The stream ends inside an event.');
  return blocks.map((block) => {
    if (!block.startsWith('data: ') || block.includes('\n')) throw new Error(`No data event: ${block}`);
    const data = block.slice('data: '.length);
    return data === '[DONE]' ? data : JSON.parse(data);
  });
}
