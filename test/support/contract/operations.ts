import { DOCUMENT, type OperationObject } from './document.ts';

export interface Operation extends OperationObject {
  /** In upper case. */
  readonly method: string;
  /** With parameters in braces. */
  readonly template: string;
}

export const OPERATIONS: readonly Operation[] = Object.entries(DOCUMENT.paths).flatMap(
  ([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      template,
    })),
);

const PATTERNS = Object.keys(DOCUMENT.paths).map((template) => {
  const escaped = template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+');
  return { template, pattern: new RegExp(`^${escaped}$`) };
});

/** The template of a path, without its query; undefined: the document knows nothing of it. */
export const templateOf = (path: string): string | undefined =>
  PATTERNS.find(({ pattern }) => pattern.test(path))?.template;

/** `HEAD` is described by `GET`. */
export function operationOf(template: string, method: string): Operation | undefined {
  const described = method === 'HEAD' ? 'GET' : method;
  return OPERATIONS.find((operation) => operation.template === template && operation.method === described);
}
