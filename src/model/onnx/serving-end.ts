import { bestCount, type DecoderConfig, SERVING_IO } from '../../families/decoder.ts';
import { encodeIntAttribute, type ForeignNode, type WrittenTensor } from '../../graph/index.ts';

const INT64 = 7;

/** Where the export ends: names of its values. */
export interface ExportEnd {
  /** Float [batch, sequence, hidden], what the head reads; null: the head was not found. */
  readonly hidden: string | null;
  /** What was float [batch, sequence, vocab]; of the wanted positions [1, rows, vocab] if there is a head. */
  readonly logits: string;
  /** float32 [batch, kv_heads, past + sequence, head_dim] */
  present(layer: number, part: 'key' | 'value'): string;
}

/** The nodes that an export lacks: they make the outputs of {@link SERVING_IO} from its own. */
export class ServingEnd {
  /** float [1, rows, hidden]: the hidden states at the positions whose logits are wanted. */
  static readonly wantedHidden = 'wanted_hidden';
  /** float32 [batch, past + sequence], of the shape of an attention mask. */
  static readonly maskOfOne = 'mask_of_one_position';

  readonly nodes: ForeignNode[] = [];
  readonly constants: WrittenTensor[] = [];

  constructor(config: DecoderConfig, { hidden, logits, present }: ExportEnd) {
    const { vocabSize, numLayers } = config;
    const { logitPositions, scoredRows, scorePairs, bestRows } = SERVING_IO;
    if (hidden === null) {
      this.#add('Reshape', [logits, this.#integers('flat_logits', [-1, vocabSize])], 'all_logits');
      this.#add('Gather', ['all_logits', logitPositions], SERVING_IO.logits, { axis: 0 });
    } else {
      this.#add('Reshape', [hidden, this.#integers('one_row', [1, -1, config.hiddenSize])], 'all_hidden');
      this.#add('Gather', ['all_hidden', logitPositions], ServingEnd.wantedHidden, { axis: 1 });
      this.#add('Reshape', [logits, this.#integers('flat_logits', [-1, vocabSize])], SERVING_IO.logits);
    }

    this.#add('Gather', [SERVING_IO.logits, bestRows], 'best_of', { axis: 0 });
    const best = [SERVING_IO.bestLogits, SERVING_IO.bestTokens];
    this.#add('TopK', ['best_of', this.#integers('best_count', [bestCount(vocabSize)])], best, { axis: -1 });

    this.#add('Gather', [SERVING_IO.logits, scoredRows], 'scored_logits', { axis: 0 });
    this.#add('LogSoftmax', ['scored_logits'], 'scored_logprobs', { axis: -1 });
    this.#add('GatherND', ['scored_logprobs', scorePairs], SERVING_IO.scores);

    this.#newKeysValues(config, (index) => present(index >> 1, index % 2 === 0 ? 'key' : 'value'), numLayers);
    this.#maskOfOne();
  }

  /** Of every plane the positions behind the past, one plane after the other. */
  #newKeysValues(
    { numKeyValueHeads, headDim }: DecoderConfig,
    present: (plane: number) => string,
    numLayers: number,
  ): void {
    this.#add('Shape', [SERVING_IO.pastKeys(0)], 'cache_shape');
    this.#add('Gather', ['cache_shape', this.#integers('past_axis', [2])], 'past_length', { axis: 0 });
    const to = this.#integers('end', [Number.MAX_SAFE_INTEGER]);
    const axis = this.#integers('position_axis', [2]);
    const planes = Array.from({ length: 2 * numLayers }, (_, plane) => {
      this.#add('Slice', [present(plane), 'past_length', to, axis], `new.${plane}`);
      return `new.${plane}`;
    });
    this.#add('Concat', planes, 'new_planes', { axis: 0 });
    this.#add('Shape', [SERVING_IO.positionIds], 'token_shape');
    this.#add('Gather', ['token_shape', this.#integers('first_axis', [0])], 'batch', { axis: 0 });
    this.#add('Gather', ['token_shape', this.#integers('second_axis', [1])], 'sequence', { axis: 0 });
    const shape = [
      this.#integers('planes', [2 * numLayers]),
      'batch',
      this.#integers('heads', [numKeyValueHeads]),
      'sequence',
      this.#integers('head_dim', [headDim]),
    ];
    this.#add('Concat', shape, 'new_shape', { axis: 0 });
    this.#add('Reshape', ['new_planes', 'new_shape'], SERVING_IO.newKeysValues);
  }

  #maskOfOne(): void {
    const first = this.#integers('first', 0);
    this.#add('Gather', [SERVING_IO.attentionBias, first], 'mask_of_all', { axis: 1 });
    this.#add('Gather', ['mask_of_all', first], ServingEnd.maskOfOne, { axis: 1 });
  }

  #add(
    op: string,
    inputs: readonly string[],
    outputs: string | readonly string[],
    attributes: Readonly<Record<string, number>> = {},
  ): void {
    this.nodes.push({
      op,
      domain: '',
      name: typeof outputs === 'string' ? outputs : outputs[0]!,
      inputs,
      outputs: typeof outputs === 'string' ? [outputs] : outputs,
      attributes: Object.entries(attributes).map(([name, value]) => encodeIntAttribute(name, value)),
    });
  }

  /** Adds an int64 tensor, of no dimension for a single number; returns its name. */
  #integers(name: string, value: number | readonly number[]): string {
    const values = typeof value === 'number' ? [value] : value;
    const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.constants.push({
      name,
      dims: typeof value === 'number' ? [] : [values.length],
      dataType: INT64,
      content: { raw },
    });
    return name;
  }
}
