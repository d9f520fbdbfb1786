import type { OptionsOf } from '@funhash/hashing';
import { type ActivationName, Dense, Dropout, Flatten, type Module, Sequential } from '@funhash/layers';
import { defineModel, type ModelMaker } from './define-model.ts';
import {
  activationOption,
  flatInputOption,
  flatSize,
  modelRules,
  rateOption,
  widthsOption,
} from './model-options.ts';
import { type ModelWeights, weightAt } from './weights.ts';

const rules = {
  /** Elements of an example, or its extents, such as [28, 28, 1]. Default [28, 28, 1]. */
  input: flatInputOption(),
  ...modelRules,
  /** Widths of the hidden layers. Default [1000]; [] for none. */
  hidden: widthsOption(),
  /** Activation of the hidden layers. Default relu. */
  activation: activationOption(),
  /** Dropout rate after each hidden layer, from 0 up to 1. Default 0, none. */
  dropout: rateOption(),
};

/** Options of `mlp`. */
export type MlpOptions = OptionsOf<typeof rules>;

/**
 * A multilayer perceptron: examples of any shape, [B, ...], become flat rows and pass dense layers → [B, classes].
 * 795 010 parameters by default, the net of the HashedNets paper.
 *
 *     const net = mlp({ input: 784, hidden: [1000], classes: 10, weight: hashedNet({ ratio: 1 / 64 }) });
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range
 */
export const mlp: ModelMaker<MlpOptions> = defineModel({
  name: 'mlp',
  options: rules,
  advice: { widths: 'give input, hidden and classes' },
  build: ({
    input = [28, 28, 1],
    hidden = [1000],
    classes = 10,
    activation = 'relu',
    dropout = 0,
    weight,
    seed = 0,
  }) => {
    const widths = [flatSize(input), ...hidden, classes];
    return new Sequential([new Flatten(), ...denseLayers({ widths, activation, dropout, weight })], { seed });
  },
  forms: { mlp: { widths: [1000], hasAnyDepth: true, options: ({ widths }) => ({ hidden: widths }) } },
});

/** Dense layers from each width to the next; the last is the head. */
export function denseLayers({
  widths,
  activation,
  dropout,
  weight,
}: {
  readonly widths: readonly number[];
  readonly activation: ActivationName;
  readonly dropout: number;
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
