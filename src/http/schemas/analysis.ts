import { type Static, Type } from 'typebox';
import type {
  PromptLikeness,
  PromptNeighbors,
  PromptSimilarity,
  TransferCandidates,
} from '../../domain/analysis.ts';
import { component } from '../openapi/component.ts';
import { nullable, oneOf, optional } from './common.ts';

/** Of each virtual token. */
export const DEFAULT_NEIGHBORS = 5;
export const DEFAULT_CANDIDATES = 10;

const CAUTION =
  'The nearest tokens need not say what a prompt does: learned rows are no words, and a prompt can do its task while its ' +
  'nearest tokens read as something else. See Lester et al. 2021, section 7, and Khashabi et al. 2022, "Prompt Waywardness".';

const Cosine = Type.Number({ minimum: -1, maximum: 1 });
const MaybeCosine = (description: string) => nullable(Type.Number({ minimum: -1, maximum: 1, description }));

/** A task's name with a version or without one; what it must look like is said by its refusal. */
const PromptId = Type.String({
  minLength: 1,
  maxLength: 74,
  description: '`task@version`, or `task`: its active version.',
});

export const NeighborsQuery = Type.Object(
  {
    k: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 50,
        default: DEFAULT_NEIGHBORS,
        description: 'Neighbours of each virtual token.',
      }),
    ),
  },
  { additionalProperties: false },
);

const Neighbor = Type.Object(
  {
    id: Type.Integer({ description: 'Row of the embedding table.' }),
    token: nullable(
      Type.String({ description: "The token's string in the vocabulary; null: the row has no token." }),
    ),
    cosine: Cosine,
  },
  component('Neighbor'),
);

export const NeighborsSchema = Type.Object(
  {
    object: Type.Literal('prompt.neighbors'),
    task: Type.String(),
    version: Type.Integer(),
    k: Type.Integer(),
    metric: Type.Literal('cosine'),
    median_embedding_norm: Type.Number({
      description: "Median L2 norm of the rows of the model's embedding table, as they enter the model.",
    }),
    caution: Type.String({ description: 'What not to conclude.' }),
    virtual_tokens: Type.Array(
      Type.Object(
        {
          index: Type.Integer({ description: 'From 0.' }),
          norm: Type.Number({ description: 'L2 norm of the row.' }),
          norm_ratio: Type.Number({ description: '`norm` divided by `median_embedding_norm`.' }),
          neighbors: Type.Array(Neighbor, {
            description: 'The most alike first; none of a row of zeros, which has no direction.',
          }),
        },
        component('VirtualToken'),
      ),
    ),
  },
  { ...component('PromptNeighbors'), description: 'The tokens that the rows of a prompt are nearest to.' },
);

export const EXAMPLE_NEIGHBORS: Static<typeof NeighborsSchema> = {
  object: 'prompt.neighbors',
  task: 'sentiment',
  version: 1,
  k: 2,
  metric: 'cosine',
  median_embedding_norm: 3.1,
  caution: CAUTION,
  virtual_tokens: [
    {
      index: 0,
      norm: 4.65,
      norm_ratio: 1.5,
      neighbors: [
        { id: 6428, token: 'Ġmovie', cosine: 0.31 },
        { id: 3566, token: 'Ġfilm', cosine: 0.27 },
      ],
    },
  ],
};

export const SimilarityQuery = Type.Object(
  {
    ids: Type.String({
      minLength: 1,
      maxLength: 4096,
      description:
        '2 to 50 different prompts with commas between them: `task@version`, or `task` for its active version.',
    }),
  },
  { additionalProperties: false },
);

const Matrix = (description: string) =>
  Type.Array(Type.Array(nullable(Cosine)), { description: `${description} In the order of \`ids\`.` });

export const SimilaritySchema = Type.Object(
  {
    object: Type.Literal('prompt.similarity'),
    ids: Type.Array(Type.String(), { description: '`task@version` of each.' }),
    mean: Matrix('Cosine of the two mean vectors; null: one of them is zero.'),
    pairs: Matrix(
      'Mean cosine over all pairs of a row of the one and a row of the other, rows of zeros left out; null: one has no ' +
        'other rows.',
    ),
  },
  {
    ...component('PromptSimilarity'),
    description: 'How alike prompts are: both measures of Vu et al. 2022 (SPoT).',
  },
);

export const EXAMPLE_SIMILARITY: Static<typeof SimilaritySchema> = {
  object: 'prompt.similarity',
  ids: ['sentiment@1', 'spam@1'],
  mean: [
    [1, 0.62],
    [0.62, 1],
  ],
  pairs: [
    [0.21, 0.12],
    [0.12, 0.18],
  ],
};

export const TransferBody = Type.Object(
  {
    target: PromptId,
    limit: optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description: `The most that are listed; ${DEFAULT_CANDIDATES} when left out.`,
      }),
    ),
    measure: optional(
      Type.Unsafe<'mean' | 'pairs'>({
        ...oneOf('mean', 'pairs'),
        description: 'By which they are ordered; `mean` when left out.',
      }),
    ),
  },
  {
    ...component('TransferRequest'),
    additionalProperties: false,
    examples: [{ target: 'sentiment@1', limit: 3 }],
  },
);

export const CandidatesSchema = Type.Object(
  {
    object: Type.Literal('list'),
    target: Type.String({ description: '`task@version`.' }),
    measure: oneOf('mean', 'pairs'),
    data: Type.Array(
      Type.Object(
        {
          id: Type.String({ description: '`task@version`.' }),
          task: Type.String(),
          version: Type.Integer(),
          mean: MaybeCosine('Cosine of the mean vectors; null: one of them is zero.'),
          pairs: MaybeCosine('Mean cosine over all pairs of rows; null: one has only rows of zeros.'),
        },
        component('TransferCandidate'),
      ),
      { description: 'The most alike first.' },
    ),
  },
  { ...component('TransferCandidates'), description: 'Prompts that another one could start from.' },
);

export const EXAMPLE_CANDIDATES: Static<typeof CandidatesSchema> = {
  object: 'list',
  target: 'sentiment@1',
  measure: 'mean',
  data: [{ id: 'spam@1', task: 'spam', version: 1, mean: 0.62, pairs: 0.12 }],
};

export function neighborsBody(
  { task, version, k }: { readonly task: string; readonly version: number; readonly k: number },
  { medianNorm, virtualTokens }: PromptNeighbors,
): Static<typeof NeighborsSchema> {
  return {
    object: 'prompt.neighbors',
    task,
    version,
    k,
    metric: 'cosine',
    median_embedding_norm: medianNorm,
    caution: CAUTION,
    virtual_tokens: virtualTokens.map(({ norm, normRatio, neighbors }, index) => ({
      index,
      norm,
      norm_ratio: normRatio,
      neighbors: [...neighbors],
    })),
  };
}

export function similarityBody({ prompts, likeness }: PromptSimilarity): Static<typeof SimilaritySchema> {
  const matrix = (measure: keyof PromptLikeness) => likeness.map((row) => row.map((it) => it[measure]));
  return {
    object: 'prompt.similarity',
    ids: prompts.map(({ id }) => id),
    mean: matrix('mean'),
    pairs: matrix('pairs'),
  };
}

export function candidatesBody(
  measure: 'mean' | 'pairs',
  { target, candidates }: TransferCandidates,
): Static<typeof CandidatesSchema> {
  return { object: 'list', target: target.id, measure, data: [...candidates] };
}
