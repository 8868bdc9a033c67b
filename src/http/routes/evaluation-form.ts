import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { LabelledRows, RowFormat } from '../../domain/evaluation.ts';
import { excerpt } from '../plugins/excerpt.ts';
import { compileValidator } from '../plugins/validation.ts';
import { EvaluationFields } from '../schemas/evaluation.ts';
import { malformedForm, readBounded } from './form-parts.ts';

const FILES = ['file', 'examples'] as const;
const LISTS = ['versions', 'ensembles', 'baselines'];
const NUMBERS = ['versions', 'shots', 'seed', 'max_tokens'];

/** Every option, with lists of versions and ensembles. */
const MAX_PARTS = 48;

const validate = compileValidator({
  schema: EvaluationFields as TSchema,
  method: '',
  url: '',
  httpPart: 'body',
});

/** The parts of a form, checked one by one. */
export interface EvaluationParts {
  readonly fields: EvaluationFields;
  readonly rows: LabelledRows | null;
  readonly examples: LabelledRows | null;
}

/**
 * Reads an evaluation that comes as a form: the files `file` and `examples`, and options as text fields, of which
 * `versions`, `ensembles` and `baselines` may come several times. Throws `invalid`, `too_large`, `unsupported_media`.
 */
export async function readEvaluationForm(
  request: FastifyRequest,
  maxFileBytes: number,
): Promise<EvaluationParts> {
  const files = new Map<string, LabelledRows>();
  const fields = new Map<string, unknown>();
  let refusal: DomainError | undefined;
  try {
    const limits = { parts: MAX_PARTS, fileSize: maxFileBytes + 1, fieldSize: 1024, fieldNameSize: 100 };
    for await (const part of request.parts({ limits })) {
      try {
        if (refusal) throw refusal;
        if (part.type === 'file') await addFile(files, part, maxFileBytes);
        else addField(fields, part.fieldname, String(part.value));
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        refusal ??= error;
        // Read to its end, so that the client gets to see the answer.
        if (part.type === 'file') part.file.resume();
      }
    }
  } catch (error) {
    throw refusal ?? malformedForm(error, FILES, MAX_PARTS);
  }
  if (refusal) throw refusal;
  const checked = validate(Object.fromEntries(fields)) as { value: EvaluationFields } | { error: Error };
  if ('error' in checked) throw checked.error;
  return { fields: checked.value, rows: files.get('file') ?? null, examples: files.get('examples') ?? null };
}

async function addFile(files: Map<string, LabelledRows>, part: MultipartFile, limit: number): Promise<void> {
  const name = FILES.find((known) => known === part.fieldname);
  if (name === undefined || files.has(name)) {
    const code = name === undefined ? 'unknown_part' : 'duplicate_part';
    const param = excerpt(part.fieldname);
    const message =
      name === undefined ? `There is no file "${param}" here.` : `The file "${name}" comes twice.`;
    throw new DomainError('invalid', code, message, { param, expected: FILES });
  }
  const format = formatOf(part);
  files.set(name, { kind: 'bytes', bytes: await readBounded(part, limit), format });
}

function addField(fields: Map<string, unknown>, name: string, text: string): void {
  const value = NUMBERS.includes(name) && /^(0|-?[1-9][0-9]{0,14})$/.test(text) ? Number(text) : text;
  if (LISTS.includes(name)) {
    const before = (fields.get(name) as unknown[] | undefined) ?? [];
    // An empty field is an empty list.
    fields.set(name, text === '' ? before : [...before, value]);
    return;
  }
  if (fields.has(name)) {
    throw new DomainError('invalid', 'duplicate_field', `The field "${excerpt(name)}" comes twice.`, {
      param: excerpt(name),
      expected: 1,
      given: 2,
    });
  }
  fields.set(name, name === 'stream' && (text === 'true' || text === 'false') ? text === 'true' : value);
}

/** By the file's name, else by its media type. */
function formatOf({ fieldname, filename, mimetype }: MultipartFile): RowFormat {
  const name = filename.toLowerCase();
  if (/\.(jsonl|ndjson)$/.test(name)) return 'jsonl';
  if (name.endsWith('.csv') || mimetype === 'text/csv') return 'csv';
  if (/^application\/(jsonl|x-jsonlines|x-ndjson|ndjson)$/.test(mimetype)) return 'jsonl';
  throw new DomainError(
    'unsupported_media',
    'unknown_format',
    `The file "${fieldname}" is of no known format.`,
    {
      param: fieldname,
      expected: 'a file name that ends in .jsonl or .csv',
      given: excerpt(filename || mimetype),
    },
  );
}
