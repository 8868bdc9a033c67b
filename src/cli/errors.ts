import { DomainError } from '../domain/errors.ts';
import { ServerRefusal } from './client.ts';

/**
 * The block that a failed command writes to stderr: the message with its code, then the field, what was
 * expected and what was given, and of what is away why. `debug` adds the stack and the causes.
 */
export function renderError(error: unknown, debug: boolean): string {
  const lines =
    error instanceof DomainError || error instanceof ServerRefusal
      ? refusalLines(error)
      : failureLines(error);
  if (debug && error instanceof Error) lines.push(...stackLines(error));
  return `${lines.join('\n')}\n`;
}

function refusalLines(error: DomainError | ServerRefusal): string[] {
  const lines = [`error: ${error.message} [${error.code}]`];
  if (error.param !== undefined) lines.push(`  field:    ${error.param}`);
  if (error.expected !== undefined) lines.push(`  expected: ${show(error.expected)}`);
  if (isProblems(error.given)) lines.push(...error.given.map(problemLine));
  else if (error.given !== undefined) lines.push(`  given:    ${show(error.given)}`);
  else if (error instanceof DomainError && error.kind === 'unavailable' && error.cause instanceof Error) {
    lines.push(`  because:  ${error.cause.message}`);
  }
  return lines;
}

/** What the server says of a row that cannot be learned from. */
interface RowProblem {
  readonly row: number;
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

const isProblems = (given: unknown): given is readonly RowProblem[] =>
  Array.isArray(given) && given.length > 0 && given.every((it) => Number.isInteger(Object(it).row));

const problemLine = ({ row, line, code, message }: RowProblem): string =>
  `  row ${row}, line ${line}: ${message} [${code}]`;

function failureLines(error: unknown): string[] {
  if (error instanceof Error && error.name === 'AbortError') return ['error: interrupted'];
  const { code } = error as NodeJS.ErrnoException;
  const message = error instanceof Error ? error.message : String(error);
  // A failed system call explains itself: its message names the call, the path and the reason.
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return [`error: ${message}`];
  return [`error: unexpected failure: ${message}`, '  Run again with --debug to see where.'];
}

function stackLines(error: Error): string[] {
  const lines = [error.stack ?? error.message];
  if (error.cause instanceof Error) lines.push('caused by:', ...stackLines(error.cause));
  return lines;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
