import type { Contender } from '../../api/types.ts';
import { visible } from '../../lib/format.ts';
import { nameOf } from '../../lib/verdict.ts';

/** More labels make a table that nobody reads. */
const MOST_LABELS = 20;

interface Props {
  readonly contender: Contender;
  readonly labels: readonly string[];
}

/** Which labels were taken for which. */
export function Confusion({ contender: { name, confusion_matrix: matrix }, labels }: Props) {
  if (matrix === undefined || labels.length > MOST_LABELS) return null;
  return (
    <details class="panel">
      <summary>Which labels {nameOf(name)} takes for which</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by the arrow keys. */}
      <section class="scroll" tabIndex={0} aria-label={`Labels of ${name}`}>
        <table class="matrix">
          <thead>
            <tr>
              <th>True label</th>
              {labels.map((label) => (
                <th key={label} class="number">
                  {visible(label)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {matrix.map((row, i) => (
              <tr key={labels[i]}>
                <th scope="row">{visible(labels[i]!)}</th>
                {row.map((times, j) => (
                  <td
                    key={labels[j]}
                    class={i === j ? 'number right' : times > 0 ? 'number wrong' : 'number quiet'}
                  >
                    {times}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
