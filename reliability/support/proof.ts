/** One line of a proof: what was promised and what was seen. */
export interface Finding {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  /** Null: a figure without a target. */
  readonly met: boolean | null;
}

/** Prints the findings as a Markdown table under the command's name; sets exit code 1 when a target was missed. */
export function report(command: string, findings: readonly Finding[]): void {
  const verdict = (met: boolean | null) => (met === null ? '' : met ? 'met' : 'missed');
  const rows = findings.map(
    ({ what, target, measured, met }) => `| ${what} | ${target} | ${measured} | ${verdict(met)} |`,
  );
  const head = ['| what | target | measured | |', '| --- | --- | --- | --- |'];
  process.stdout.write(`\n\`${command}\`\n\n${[...head, ...rows].join('\n')}\n`);
  if (findings.some(({ met }) => met === false)) process.exitCode = 1;
}

/** Says how far a long proof is, on stderr, at most once a second. */
export function progress(label: string, total: number): (done: number) => void {
  let last = 0;
  return (done) => {
    const now = performance.now();
    if (now - last < 1000 && done < total) return;
    last = now;
    process.stderr.write(`\r${label}: ${done} of ${total}${done >= total ? '\n' : ''}`);
  };
}
