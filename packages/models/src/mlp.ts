import { type ActivationName, Dense, Dropout, Flatten, type Module, Sequential } from '@funhash/layers';
import { type ModelWeights, requireCounts, weightAt } from './weights.ts';

export interface MlpOptions {
  /** Widths from the input to the output, such as [784, 1000, 10]. */
  readonly widths: readonly number[];
  /** Of hidden layers. Default relu. */
  readonly activation?: ActivationName;
  /** Rate after each hidden layer. Default 0, none. */
  readonly dropout?: number;
  readonly weight?: ModelWeights;
  /** Default 0. */
  readonly seed?: number;
}

/** A multilayer perceptron: [B, ...] of widths[0] elements an example → [B, last width]. */
export function mlp({ widths, activation = 'relu', dropout = 0, weight, seed = 0 }: MlpOptions): Sequential {
  requireCounts('mlp', {
    'number of layers': widths.length - 1,
    ...Object.fromEntries(widths.map((width, k) => [`widths[${k}]`, width])),
  });
  return new Sequential([new Flatten(), ...denseLayers({ widths, activation, dropout, weight })], { seed });
}

/** Dense layers from each width to the next; the last is the head. */
export function denseLayers({
  widths,
  activation,
  dropout,
  weight,
}: Required<Pick<MlpOptions, 'widths' | 'activation' | 'dropout'>> & {
  readonly weight: ModelWeights | undefined;
}): Module[] {
  return widths.slice(1).flatMap((out, k): Module[] => {
    const isLast = k === widths.length - 2;
    const cols = widths[k] as number;
    const place = { role: isLast ? 'head' : 'fc', rows: out, cols, kernelSize: 1 } as const;
    const options = { in: cols, out, ...weightAt(weight, place) };
    if (isLast) return [new Dense(options)];
    return [new Dense({ ...options, activation }), ...(dropout > 0 ? [new Dropout({ rate: dropout })] : [])];
  });
}
