import type { Neighbors } from '../../api/types.ts';
import { Panel } from '../../components/panel.tsx';
import { plural, visible } from '../../lib/format.ts';

/** The bar of a norm ends at this many times the median. */
const LONGEST_RATIO = 4;

export function NeighborTable({ neighbors }: { readonly neighbors: Neighbors }) {
  const { task, version, virtual_tokens: rows, median_embedding_norm: median, caution } = neighbors;
  return (
    <Panel
      title={`${task}@${version}`}
      note={`${plural(rows.length, 'virtual token')}; the median norm of the vocabulary is ${median.toFixed(3)}`}
    >
      <p class="caution">{caution}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long table scrolls by the arrow keys. */}
      <section class="scroll tall" tabIndex={0} aria-label="Neighbours">
        <table>
          <thead>
            <tr>
              <th class="number">Token</th>
              <th class="number">Norm</th>
              <th class="number">Of the median</th>
              <th class="ratio">
                <span class="hidden">Norm as a bar</span>
              </th>
              <th>Nearest tokens, with their cosine</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ index, norm, norm_ratio: ratio, neighbors: nearest }) => (
              <tr key={index}>
                <td class="number quiet">{index}</td>
                <td class="number">{norm.toFixed(3)}</td>
                <td class="number">{ratio.toFixed(2)}×</td>
                <td>
                  <span class="bar marked" aria-hidden="true">
                    <span style={{ width: `${Math.min(100, (100 * ratio) / LONGEST_RATIO).toFixed(1)}%` }} />
                  </span>
                </td>
                <td>
                  {nearest.map(({ id, token, cosine }) => (
                    <span key={id} class="chip" title={`token ${id}`}>
                      <code>{tokenWords(token)}</code> <span class="quiet">{cosine.toFixed(2)}</span>
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

/** A token as its tokenizer writes it, the mark of a space in front (byte-level BPE, SentencePiece) as other spaces. */
const tokenWords = (token: string | null): string =>
  token === null ? 'no token' : visible(token.replace(/^[\u0120\u2581]/, ' '));
