import { useState } from 'preact/hooks';
import { count, plural, visible } from '../lib/format.ts';
import { parseRows, type RowSet } from '../lib/rows.ts';
import { DropZone } from './drop-zone.tsx';
import { Field } from './field.tsx';

/** Rows that were given, or what is wrong with them; null: none yet. */
export type GivenRows = { readonly set: RowSet } | { readonly problem: string } | null;

export function readRows(text: string): GivenRows {
  if (text.trim() === '') return null;
  try {
    return { set: parseRows(text) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

interface Props {
  readonly text: string;
  readonly given: GivenRows;
  readonly onText: (text: string) => void;
}

/** Labelled rows: pasted, or out of a file that is dropped. Says at once what it understood. */
export function RowsInput({ text, given, onText }: Props) {
  const [name, setName] = useState<string | null>(null);
  return (
    <div class="rows-input">
      <Field
        label="Rows"
        hint={
          name === null
            ? 'Text and label: CSV, JSON lines, or cells pasted from a spreadsheet.'
            : `From ${name}.`
        }
      >
        <textarea
          rows={8}
          spellcheck={false}
          placeholder={'text,label\nThe film was a delight.,positive\nA waste of an evening.,negative'}
          value={text}
          onInput={({ currentTarget }) => {
            setName(null);
            onText(currentTarget.value);
          }}
        />
      </Field>
      <DropZone
        label="Choose a file"
        accept=".csv,.tsv,.jsonl,.json,.txt"
        onFiles={async ([file]) => {
          if (file === undefined) return;
          onText(await file.text());
          setName(file.name);
        }}
      >
        or drop a .csv or .jsonl file here
      </DropZone>
      <div aria-live="polite">{given !== null && <Understood given={given} />}</div>
    </div>
  );
}

const SHOWN_LABELS = 8;

function Understood({ given }: { readonly given: NonNullable<GivenRows> }) {
  if ('problem' in given) return <p class="problem">{given.problem}</p>;
  const { kind, rows, labels } = given.set;
  if (kind === 'completion')
    return <p class="understood">{plural(rows.length, 'row')} of prompt and completion</p>;
  const shown = [...labels].slice(0, SHOWN_LABELS);
  return (
    <p class="understood">
      {plural(rows.length, 'row')}, {plural(labels.size, 'label')}:{' '}
      {shown.map(([label, times]) => (
        <span key={label} class="chip">
          {visible(label)} <b>{count(times)}</b>
        </span>
      ))}
      {labels.size > shown.length && ` and ${labels.size - shown.length} more`}
    </p>
  );
}
