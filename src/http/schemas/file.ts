import { type Static, Type } from 'typebox';
import type { TrainingFile } from '../../domain/training.ts';
import { component } from '../openapi/component.ts';
import { unixSeconds } from './common.ts';

export const FileParams = Type.Object({
  file: Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$', description: 'Id of the file.' }),
});

export const FileSchema = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('file'),
    bytes: Type.Integer(),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    filename: Type.String(),
    purpose: Type.Literal('fine-tune'),
    status: Type.Literal('processed'),
    sha256: Type.String({ description: 'Hash of the content.' }),
    format: Type.Enum(['jsonl', 'csv']),
    kind: Type.Enum(['classification', 'completion'], {
      description: 'Rows of text and label, or of prompt and completion.',
    }),
    rows: Type.Integer(),
    labels: Type.Array(Type.String(), { description: 'Distinct labels; the first 1024.' }),
  },
  { ...component('File'), description: 'A file of labelled rows.' },
);

const MOST_LABELS = 1024;

export const fileBody = (file: TrainingFile): Static<typeof FileSchema> => ({
  id: file.id,
  object: 'file',
  bytes: file.bytes,
  created_at: unixSeconds(file.createdAt),
  filename: file.filename,
  purpose: 'fine-tune',
  status: 'processed',
  sha256: file.sha256,
  format: file.format,
  kind: file.kind,
  rows: file.rows,
  labels: file.labels.slice(0, MOST_LABELS),
});

export const EXAMPLE_FILE: Static<typeof FileSchema> = {
  id: 'file-0b5f8f6c1c1d4a2e9f3a7b60',
  object: 'file',
  bytes: 18_230,
  created_at: 1767225600,
  filename: 'reviews.jsonl',
  purpose: 'fine-tune',
  status: 'processed',
  sha256: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
  format: 'jsonl',
  kind: 'classification',
  rows: 200,
  labels: ['negative', 'positive'],
};
