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
import { type ModelWeights, type Quantizer, quantizedWeightAt, requireCounts } from './weights.ts';

/** What binarised nets have in common. */
export interface BinaryNetOptions {
  /** Of weights. Default `binary`. */
  readonly quantizer?: Quantizer;
  /** Between layers. Default `sign`; `stochasticSign` draws signs in training. */
  readonly activation?: 'sign' | 'stochasticSign';
  /** Whether batches are normalised by shifts. Default false. */
  readonly shiftBased?: boolean;
}

export interface BnnMlpOptions extends BinaryNetOptions {
  /** Widths from the input to the output. Default [784, 1024, 1024, 1024, 10]; the paper has 4096 in each hidden layer. */
  readonly widths?: readonly number[];
  /** Rate after each hidden layer. Default 0, none; the paper has 0.5. */
  readonly dropout?: number;
  /** Rate of the input. Default 0, none; the paper has 0.2. */
  readonly inputDropout?: number;
  /** How latent values are stored. Default: one for each weight. */
  readonly weight?: ModelWeights;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * A binarised multilayer perceptron: each layer is a product with weights of ±1, normalised over the batch, and the
 * hidden ones then become ±1 themselves. [B, ...] of widths[0] elements an example → [B, last width]. Inputs are bytes
 * from 0 to 1, which become levels from −1 to 1.
 *
 * Source: Courbariaux et al. 2016, arXiv:1602.02830, section 2.1. To be trained with `squaredHinge`.
 */
export function bnnMlp({
  widths = [784, 1024, 1024, 1024, 10],
  dropout = 0,
  inputDropout = 0,
  weight,
  seed = 0,
  ...binaryOptions
}: BnnMlpOptions = {}): Sequential {
  requireCounts('bnnMlp', {
    'number of layers': widths.length - 1,
    ...Object.fromEntries(widths.map((width, k) => [`widths[${k}]`, width])),
  });
  return new Sequential(
    [
      new Flatten(),
      new Activation('byte'),
      ...dropped(inputDropout),
      ...binaryLayers({ widths, dropout, weight, ...binaryOptions }),
    ],
    { seed },
  );
}

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
