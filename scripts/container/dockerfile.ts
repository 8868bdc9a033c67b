/** One instruction with its arguments, continued lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** What follows a FROM. */
export interface Stage {
  readonly image: string;
  /** The name behind AS, by which others copy from it. */
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

/** Reads the part of the Dockerfile language that docker/Dockerfile uses: no ARG, no escapes, no here-documents. */
export function parseDockerfile(source: string): readonly Stage[] {
  const lines = source.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const joined = lines.join('\n').replaceAll(/\s*\\\n\s*/g, ' ');
  const stages: { image: string; name: string | null; instructions: Instruction[] }[] = [];
  for (const line of joined.split('\n')) {
    const [, name, text] = /^\s*([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === undefined || text === undefined) throw new Error(`not an instruction: ${line}`);
    if (name === 'FROM') {
      const [image, , alias = null] = text.split(/\s+/);
      stages.push({ image: image!, name: alias, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`${name} stands before FROM`);
      stage.instructions.push({ name, text });
    }
  }
  return stages;
}

/** The words of an instruction's exec form, `["node", "main.js"]`. */
export function execForm(text: string): readonly string[] {
  return JSON.parse(text) as string[];
}
