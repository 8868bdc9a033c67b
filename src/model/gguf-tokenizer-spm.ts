import type { TokenizerParts } from './gguf-tokenizer-bpe.ts';
import { fieldError, type GgufMetadata, readBoolean, readNumbers } from './gguf-tokenizer-fields.ts';

const SPACE = '\u2581';

/**
 * `tokenizer.ggml.model` llama: SentencePiece BPE with byte fallback. SentencePiece merges the pair whose
 * result scores highest; tokenizer.json wants ranked merges, derived as transformers' `generate_merges` does.
 *
 * @param normal for each id whether it is a normal piece: only those are reached by merging
 */
export function sentencePieceParts(
  metadata: GgufMetadata,
  vocab: ReadonlyMap<string, number>,
  tokens: readonly string[],
  normal: (id: number) => boolean,
  unknown: number | null,
): TokenizerParts {
  const scores = readNumbers(metadata, 'tokenizer.ggml.scores', tokens.length);
  if (scores === null) throw fieldError('tokenizer.ggml.scores', 'one score a token', undefined);
  if (readBoolean(metadata, 'tokenizer.ggml.remove_extra_whitespaces', false)) {
    throw fieldError('tokenizer.ggml.remove_extra_whitespaces', 'false', true);
  }
  const prefix = readBoolean(metadata, 'tokenizer.ggml.add_space_prefix', true);
  const mergeable = new Map([...vocab].filter(([, id]) => normal(id)));
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(prefix ? [{ type: 'Prepend', prepend: SPACE }] : []),
        { type: 'Replace', pattern: { String: ' ' }, content: SPACE },
      ],
    },
    preTokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown === null ? null : tokens[unknown],
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(vocab),
      merges: mergesFromScores(mergeable, scores),
    },
    addBos: true,
  };
}

/** Every split of every piece into two pieces; best score first, then the longer left half. */
function mergesFromScores(vocab: ReadonlyMap<string, number>, scores: readonly number[]): [string, string][] {
  const merges: { readonly pair: [string, string]; readonly score: number; readonly left: number }[] = [];
  for (const [piece, id] of vocab) {
    const characters = Array.from(piece);
    let head = '';
    for (let left = 1; left < characters.length; left++) {
      head += characters[left - 1];
      const tail = piece.slice(head.length);
      if (vocab.has(head) && vocab.has(tail)) merges.push({ pair: [head, tail], score: scores[id]!, left });
    }
  }
  merges.sort((a, b) => b.score - a.score || b.left - a.left);
  return merges.map(({ pair }) => pair);
}
