import { ArgumentError, type OptionsOf, option } from '@funhash/hashing';
import {
  Dropout,
  Dropout2d,
  Embedding,
  GRU,
  LSTM,
  Masked,
  Reshape,
  Sequential,
  type WeightRequest,
} from '@funhash/layers';
import { layerMaker } from './convolutions.ts';
import { defineModel, type ModelMaker, type NamedModelOptions } from './define-model.ts';
import { modelRules, rateOption } from './model-options.ts';
import { weightAt } from './weights.ts';

const cells = { lstm: LSTM, gru: GRU } as const;

type CellName = keyof typeof cells;

const rules = {
  /**
   * Shape of a sequence: `[T, features]` of numbers, `[height, width, channels]` of an image, whose rows are the steps, or
   * `[T]` of words by their numbers. Default [28, 28, 1].
   */
  input: option.list(option.count(), { least: 1, most: 3 }),
  /** What reads the steps: `lstm` (default), a long short-term memory, or `gru`, a gated recurrent unit. */
  cell: option.oneOf(Object.keys(cells) as CellName[]),
  /** Rows of an embedding: the numbers of words, padding (0) included. Needed for words, and for nothing else. */
  tokens: option.count(),
  /** Storage of the embedding [tokens, embeddingSize]. Default: plain. */
  embedding: option.any<WeightRequest>('a weight request'),
  /** Width of an embedded word. Default 32. */
  embeddingSize: option.count(),
  /**
   * Rate of dropout from 0 up to 1, for words alone: of the columns of embedded words, each over a whole sequence (Gal
   * and Ghahramani 2016, arXiv:1512.05287), and of the last state. Default 0, none.
   */
  dropout: rateOption(),
  ...modelRules,
  /**
   * Storage of weights: the matrices of inputs and state, both of role `fc`, and that of the classes. That of the
   * state is decoded once a step. Default: plain.
   */
  weight: modelRules.weight,
  /** Width of the state. Default 128. */
  hidden: option.count(),
};

/** Options of `recurrentNet`. */
export type RecurrentNetOptions = OptionsOf<typeof rules>;

/**
 * A recurrent layer that reads a sequence, and a dense layer on its last state: sequences of numbers [B, T, features],
 * images [B, H, W, C] row by row, either of them flat, or words [B, T], padded by 0 on any side → [B, classes].
 *
 *     recurrentNet({ input: [200], tokens: data.tokens, classes: 2, hidden: 32, embedding: hashedNet({ values: 32_000 }) })
 *
 * Source: Le, Jaitly, Hinton 2015, arXiv:1504.00941, section 4.2, by rows in place of pixels.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range, and for words without `tokens`
 */
export const recurrentNet: ModelMaker<RecurrentNetOptions> = defineModel({
  name: 'recurrentNet',
  options: rules,
  build,
  forms: { lstm: formOf('lstm'), gru: formOf('gru') },
});

function formOf(cell: CellName) {
  return {
    widths: [128],
    readsSequences: true,
    options: ({ widths: [hidden] }: NamedModelOptions): RecurrentNetOptions => ({
      cell,
      hidden: hidden as number,
    }),
  };
}

function build({
  input = [28, 28, 1],
  cell = 'lstm',
  tokens,
  embedding,
  embeddingSize = 32,
  dropout = 0,
  classes = 10,
  hidden = 128,
  weight,
  seed = 0,
}: RecurrentNetOptions): Sequential {
  const isText = input.length === 1;
  requireTokens(isText, tokens);
  const [steps, ...step] = input as [number, ...number[]];
  const width = isText ? embeddingSize : step.reduce((size, extent) => size * extent, 1);
  const Cell = cells[cell];
  const at = (cols: number) =>
    weightAt(weight, { role: 'fc', rows: Cell.gates * hidden, cols, kernelSize: 1 });
  const inputs = at(width);
  const { weight: state } = at(hidden);
  const read = new Cell({
    in: width,
    hiddenSize: hidden,
    output: 'last',
    ...inputs,
    ...(state && { recurrentWeight: { ...state, policy: 'step' } }),
  });
  const head = layerMaker(weight).head(hidden, classes);
  if (!isText) return new Sequential([new Reshape({ shape: [steps, width] }), read, head], { seed });
  const words = new Embedding({
    in: tokens as number,
    out: embeddingSize,
    // A state adds up what it reads over many steps: entries of the usual size 1 would saturate it.
    std: 0.1,
    ...(embedding && { weight: embedding }),
  });
  const layers =
    dropout > 0
      ? [words, new Dropout2d({ rate: dropout }), read, new Dropout({ rate: dropout }), head]
      : [words, read, head];
  return new Sequential([new Masked(layers)], { seed });
}

function requireTokens(isText: boolean, tokens: number | undefined): void {
  if (isText === (tokens !== undefined)) return;
  throw new ArgumentError({
    operation: 'recurrentNet',
    expected: isText ? 'tokens, the number of words, for an input [T]' : 'no tokens for sequences of numbers',
    actual: isText ? 'none' : String(tokens),
    remedy: 'Words are an input [T] with tokens; sequences of numbers one of [T, features].',
  });
}
