import { useMemo, useState } from 'preact/hooks';
import { Bar } from '../../components/bar.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { Segmented } from '../../components/segmented.tsx';
import {
  agreementWords,
  type Classified,
  confidence,
  isOfEnsemble,
  type Order,
  ranked,
  sorted,
  toCsv,
} from '../../lib/classified.ts';
import { percent, plural, visible } from '../../lib/format.ts';

const ORDERS: readonly (readonly [Order, string])[] = [
  ['unsure', 'Least sure first'],
  ['sure', 'Most sure first'],
  ['given', 'As given'],
];

const ENSEMBLE_ORDERS: typeof ORDERS = [['disputed', 'Least agreement first'], ...ORDERS];

/** Labels with a bar of their own; the others are the rest. */
const SHOWN_LABELS = 4;

/** Rows in the table: more are in the copy. */
const SHOWN_ROWS = 500;

export function Results({ rows }: { readonly rows: readonly Classified[] }) {
  /** Null: the first that there is. */
  const [chosen, setOrder] = useState<Order | null>(null);
  const hasAgreement = isOfEnsemble(rows);
  const orders = hasAgreement ? ENSEMBLE_ORDERS : ORDERS;
  const order = chosen ?? orders[0]![0];
  const shown = useMemo(() => sorted(rows, order).slice(0, SHOWN_ROWS), [rows, order]);
  return (
    <Panel
      title="Labels"
      note={`${plural(rows.length, 'row')}${rows.length > SHOWN_ROWS ? `, ${SHOWN_ROWS} shown` : ''}`}
      actions={
        <>
          <Segmented label="Order" value={order} options={orders} onChange={setOrder} />
          <CopyButton label="Copy as CSV" text={() => toCsv(rows)} />
        </>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long table scrolls by the arrow keys. */}
      <section class="scroll tall" tabIndex={0} aria-label="Labels of the rows">
        <table class="classified">
          <thead>
            <tr>
              <th class="number">Row</th>
              <th>Text</th>
              <th>Label</th>
              <th class="number">Sure</th>
              {hasAgreement && <th class="number">Agreement</th>}
              <th class="wide">Probabilities</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={row.index}>
                <td class="number quiet">{row.index + 1}</td>
                <td class="text">{row.text}</td>
                <td class="nowrap">
                  <b>{visible(row.label)}</b>
                </td>
                <td class="number">{percent(confidence(row))}</td>
                {hasAgreement && <td class="number nowrap">{agreementWords(row)}</td>}
                <td>
                  <Probabilities row={row} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function Probabilities({ row }: { readonly row: Classified }) {
  const all = ranked(row);
  const shown = all.slice(0, SHOWN_LABELS);
  return (
    <div class="probabilities">
      {shown.map(([label, part]) => (
        <div key={label}>
          <span class="clip">{visible(label)}</span>
          <Bar part={part} tone={label === row.label ? 'a' : 'quiet'} />
          <span class="number">{percent(part)}</span>
        </div>
      ))}
      {all.length > shown.length && <span class="quiet">and {all.length - shown.length} more</span>}
    </div>
  );
}
