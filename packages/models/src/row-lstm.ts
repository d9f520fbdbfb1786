import { type OptionsOf, option } from '@funhash/hashing';
import { Dense, LSTM, Reshape, Sequential } from '@funhash/layers';
import { defineModel, type ModelMaker } from './define-model.ts';
import { imageShapeOption, modelRules } from './model-options.ts';
import { type WeightPlace, weightAt } from './weights.ts';

const rules = {
  /** Extents of an image, [height, width, channels]. Default [28, 28, 1]. */
  input: imageShapeOption(),
  ...modelRules,
  /**
   * Storage of weights: the matrices of inputs and state, both of role `fc`, and that of the classes. That of the
   * state is decoded once a step. Default: plain.
   */
  weight: modelRules.weight,
  /** Width of the state. Default 128. */
  hidden: option.count(),
};

/** Options of `rowLstm`. */
export type RowLstmOptions = OptionsOf<typeof rules>;

/**
 * A long short-term memory that reads an image row by row, and a dense layer on its last state. Images [B, H, W, C], or
 * flat rows → [B, classes].
 *
 * Source: Le, Jaitly, Hinton 2015, arXiv:1504.00941, section 4.2, by rows in place of pixels.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range
 */
export const rowLstm: ModelMaker<RowLstmOptions> = defineModel({
  name: 'rowLstm',
  options: rules,
  build,
  forms: { lstm: { widths: [128], options: ({ widths: [hidden] }) => ({ hidden: hidden as number }) } },
});

function build({
  input = [28, 28, 1],
  classes = 10,
  hidden = 128,
  weight,
  seed = 0,
}: RowLstmOptions): Sequential {
  const [height, width, channels] = input;
  const row = width * channels;
  const at = (role: WeightPlace['role'], rows: number, cols: number) =>
    weightAt(weight, { role, rows, cols, kernelSize: 1 });
  const inputs = at('fc', 4 * hidden, row);
  const { weight: state } = at('fc', 4 * hidden, hidden);
  return new Sequential(
    [
      new Reshape({ shape: [height, row] }),
      new LSTM({
        in: row,
        hiddenSize: hidden,
        output: 'last',
        ...inputs,
        ...(state && { recurrentWeight: { ...state, policy: 'step' } }),
      }),
      new Dense({ in: hidden, out: classes, ...at('head', classes, hidden) }),
    ],
    { seed },
  );
}
