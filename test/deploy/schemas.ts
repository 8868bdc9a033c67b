import { Ajv } from 'ajv';
import ts from 'typescript';
import { HTTPRoute, InferencePool } from './gateway-schemas.ts';
import type { Manifest } from './manifests.ts';

const PROMETHEUS = 'monitoring.coreos.com/v1';
/** Kinds of which no package has a schema. */
const OWN = new Map<string, object>(Object.entries({ HTTPRoute, InferencePool }));
const ajv = new Ajv({ strict: false, allErrors: true });

/** What the schema of its kind has against an object; empty: nothing. Rejects for a kind that no schema is known of. */
export async function schemaFaults({ apiVersion, kind, object }: Manifest): Promise<readonly string[]> {
  const own = OWN.get(kind);
  if (own !== undefined) {
    const validate = ajv.compile(own);
    return validate(object)
      ? []
      : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
  }
  const models = (await import(moduleOf(apiVersion, kind))) as Record<
    string,
    new (
      data: unknown,
    ) => { validate(): void }
  >;
  try {
    new models[kind]!(object).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/**
 * Fields that no schema knows, wherever they stand, and values of another type: the compiler's findings. Kubernetes'
 * schemas are open, so that a misspelled field would pass them; the types that are made of them are not.
 */
export function typeFaults(manifests: readonly Manifest[]): readonly string[] {
  const typed = manifests.filter(({ kind }) => !OWN.has(kind));
  const lines = typed.map(
    ({ apiVersion, kind, object }, i) =>
      `export const m${i}: import('${moduleOf(apiVersion, kind)}').I${kind} = ${JSON.stringify(object)};`,
  );
  const file = `${import.meta.dirname}/typed-manifests.ts`;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es5.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? lines.join('\n') : readFile(name));
  host.getSourceFile = (name, version) =>
    name === file
      ? ts.createSourceFile(name, lines.join('\n'), version)
      : getSourceFile.call(host, name, version);
  const program = ts.createProgram([file], options, host);
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...program.getSemanticDiagnostics(program.getSourceFile(file)),
  ];
  return diagnostics.map(({ messageText, start = 0 }) => {
    const line = lines.join('\n').slice(0, start).split('\n').length - 1;
    return `${typed[line]!.file}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

function moduleOf(apiVersion: string, kind: string): string {
  const models = apiVersion === PROMETHEUS ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  return `${models}/${apiVersion}/${kind}`;
}
