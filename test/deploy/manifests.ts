import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const KUBERNETES = 'deploy/kubernetes';

/** A Kubernetes object, or a part of one. */
export type Fields = Readonly<Record<string, unknown>>;

/** A Kubernetes object and where it stands. */
export interface Manifest {
  /** Its file, below {@link KUBERNETES}. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Fields;
}

/** Every YAML file below `deploy/kubernetes`. */
export const yamlFiles: readonly string[] = readdirSync(KUBERNETES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .sort();

/** The documents of a file; throws where YAML is broken, or a key comes twice. */
export function readYaml(file: string): readonly Fields[] {
  const text = readFileSync(join(KUBERNETES, file), 'utf8');
  return parseAllDocuments(text, { strict: true, uniqueKeys: true }).map((document) => {
    for (const error of [...document.errors, ...document.warnings]) throw error;
    return document.toJS() as Fields;
  });
}

/** Everything that is applied: not what kustomize and Helm read. */
export const manifests: readonly Manifest[] = yamlFiles
  .filter((file) => !file.endsWith('kustomization.yaml') && !file.endsWith('.values.yaml'))
  .flatMap((file) =>
    readYaml(file).map((object) => ({
      file,
      apiVersion: at(object, 'apiVersion'),
      kind: at(object, 'kind'),
      object,
    })),
  );

/** The only object of a kind. */
export function only(kind: string): Fields {
  const [found, another] = manifests.filter((manifest) => manifest.kind === kind);
  if (found === undefined || another !== undefined) throw new Error(`There is not one ${kind}.`);
  return found.object;
}

/** What stands at a path such as `spec.ports.0.port`, as whoever asks knows it; undefined where there is nothing. */
export function at<T = string>(value: unknown, path: string): T {
  return path.split('.').reduce((part, field) => (part as Fields | undefined)?.[field], value) as T;
}
