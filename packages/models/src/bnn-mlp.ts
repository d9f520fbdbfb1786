import { Activation, BatchNorm, Dense, Dropout, Flatten, type Module, Sequential } from '@funhash/layers';
import { binaryWeightAt, type ModelWeights, requireCounts } from './weights.ts';

export interface BnnMlpOptions {
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
      ...binaryLayers({ widths, dropout, weight }),
    ],
    { seed },
  );
}

/** Binary dense layers from each width to the next, each normalised; all but the last give ±1. */
export function binaryLayers({
  widths,
  dropout,
  weight,
}: {
  readonly widths: readonly number[];
  readonly dropout: number;
  readonly weight: ModelWeights | undefined;
}): Module[] {
  return widths.slice(1).flatMap((out, k): Module[] => {
    const isLast = k === widths.length - 2;
    const cols = widths[k] as number;
    const place = { role: isLast ? 'head' : 'fc', rows: out, cols, kernelSize: 1 } as const;
    const product = new Dense({ in: cols, out, bias: false, weight: binaryWeightAt(weight, place) });
    const norm = { channels: out, epsilon: binaryEpsilon } as const;
    if (isLast) return [product, new BatchNorm(norm)];
    return [product, new BatchNorm({ ...norm, activation: 'sign' }), ...dropped(dropout)];
  });
}

/** Of the paper's code. */
export const binaryEpsilon = 1e-4;

const dropped = (rate: number): Dropout[] => (rate > 0 ? [new Dropout({ rate })] : []);
