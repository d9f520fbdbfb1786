import { type OptionsOf, option } from '@funhash/hashing';
import {
  Activation,
  BatchNorm,
  binary,
  Dense,
  Dropout,
  Flatten,
  type Module,
  Sequential,
} from '@funhash/layers';
import { defineModel, type ModelMaker } from './define-model.ts';
import { flatInputOption, flatSize, modelRules, rateOption, widthsOption } from './model-options.ts';
import { type ModelWeights, type Quantizer, quantizedWeightAt } from './weights.ts';

/** Options that binarised nets have in common. */
export const binaryRules = {
  /** What makes entries of latent values: `binary` (default), `stochasticBinary`, `ternary`, or one of `lsq`. */
  quantizer: option.callable<Quantizer>('a function of latent values, such as binary'),
  /** What values become between layers. Default `sign`; `stochasticSign` draws signs in training. */
  activation: option.oneOf(['sign', 'stochasticSign']),
  /** Whether batches are normalised by shifts. Default false. */
  shiftBased: option.flag(),
};

/** What binarised nets have in common. */
export type BinaryNetOptions = OptionsOf<typeof binaryRules>;

const rules = {
  /** Elements of an example, or its extents, such as [28, 28, 1]. Default [28, 28, 1]. */
  input: flatInputOption(),
  ...modelRules,
  ...binaryRules,
  /** Widths of the hidden layers. Default [1024, 1024, 1024]; the paper has 4096 in each. */
  hidden: widthsOption(),
  /** Dropout rate after each hidden layer, from 0 up to 1. Default 0, none; the paper has 0.5. */
  dropout: rateOption(),
  /** Dropout rate of the input, from 0 up to 1. Default 0, none; the paper has 0.2. */
  inputDropout: rateOption(),
  /** Storage of latent values: one request, one for each role, or a function of the place. Default: plain. */
  weight: modelRules.weight,
};

/** Options of `bnnMlp`. */
export type BnnMlpOptions = OptionsOf<typeof rules>;

/**
 * A binarised multilayer perceptron: each layer is a product with weights of ±1, normalised over the batch, and the
 * hidden ones then become ±1 themselves. examples of any shape, [B, ...] → [B, classes]. Inputs are bytes
 * from 0 to 1, which become levels from −1 to 1.
 *
 * Source: Courbariaux et al. 2016, arXiv:1602.02830, section 2.1. To be trained with `squaredHinge`.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range
 */
export const bnnMlp: ModelMaker<BnnMlpOptions> = defineModel({
  name: 'bnnMlp',
  options: rules,
  advice: { widths: 'give input, hidden and classes' },
  build: ({
    input = [28, 28, 1],
    hidden = [1024, 1024, 1024],
    classes = 10,
    dropout = 0,
    inputDropout = 0,
    weight,
    seed = 0,
    ...binaryOptions
  }) => {
    const widths = [flatSize(input), ...hidden, classes];
    return new Sequential(
      [
        new Flatten(),
        new Activation('byte'),
        ...dropped(inputDropout),
        ...binaryLayers({ widths, dropout, weight, ...binaryOptions }),
      ],
      { seed },
    );
  },
  forms: {
    bnn: {
      widths: [4096, 4096, 4096],
      isBinary: true,
      options: ({ widths, activation }) => ({ hidden: widths, activation: signOf(activation) }),
    },
  },
});

/** The activation of a binary net for that of any net: signs, drawn where these are asked for. */
export const signOf = (activation: string | undefined): 'sign' | 'stochasticSign' =>
  activation === 'stochasticSign' ? activation : 'sign';

/** Binary dense layers from each width to the next, each normalised; all but the last give ±1. */
export function binaryLayers({
  widths,
  dropout,
  weight,
  quantizer = binary,
  ...rest
}: BinaryNetOptions & {
  readonly widths: readonly number[];
  readonly dropout: number;
  readonly weight: ModelWeights | undefined;
}): Module[] {
  return widths.slice(1).flatMap((out, k): Module[] => {
    const isLast = k === widths.length - 2;
    const cols = widths[k] as number;
    const place = { role: isLast ? 'head' : 'fc', rows: out, cols, kernelSize: 1 } as const;
    const product = new Dense({
      in: cols,
      out,
      bias: false,
      weight: quantizedWeightAt(quantizer, weight, place),
    });
    if (isLast) return [product, normalized(out, { ...rest, isLast })];
    return [product, normalized(out, rest), ...dropped(dropout)];
  });
}

/** Normalisation of sums, which become signs in all layers but the last. */
export function normalized(
  channels: number,
  {
    activation = 'sign',
    shiftBased = false,
    isLast = false,
  }: Omit<BinaryNetOptions, 'quantizer'> & { readonly isLast?: boolean },
): BatchNorm {
  return new BatchNorm({
    channels,
    // Of the paper's code.
    epsilon: 1e-4,
    ...(shiftBased && { shiftBased }),
    ...(!isLast && { activation }),
  });
}

const dropped = (rate: number): Dropout[] => (rate > 0 ? [new Dropout({ rate })] : []);
