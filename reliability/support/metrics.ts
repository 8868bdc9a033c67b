/** The values of a service's metrics without labels, by name. */
export async function readMetrics(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').map((line) => /^([a-z_]+) (\S+)$/.exec(line));
  return new Map(lines.flatMap((match) => (match ? [[match[1]!, Number(match[2])] as const] : [])));
}
