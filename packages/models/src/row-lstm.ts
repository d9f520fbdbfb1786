import { Dense, LSTM, Reshape, Sequential } from '@funhash/layers';
import {
  type ImageShape,
  type ModelWeights,
  requireCounts,
  requireImageShape,
  type WeightPlace,
  weightAt,
} from './weights.ts';

export interface RowLstmOptions {
  /** Default [28, 28, 1]. */
  readonly input?: ImageShape;
  /** Default 10. */
  readonly classes?: number;
  /** Width of the state. Default 128. */
  readonly hidden?: number;
  /** Of the matrices of inputs and state, both of role `fc`, and of the classes. That of the state is decoded once a step. */
  readonly weight?: ModelWeights;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * A long short-term memory that reads an image row by row, and a dense layer on its last state. Images [B, H, W, C], or
 * flat rows → [B, classes].
 *
 * Source: Le, Jaitly, Hinton 2015, arXiv:1504.00941, section 4.2, by rows in place of pixels.
 */
export function rowLstm({
  input = [28, 28, 1],
  classes = 10,
  hidden = 128,
  weight,
  seed = 0,
}: RowLstmOptions = {}): Sequential {
  requireImageShape('rowLstm', input);
  requireCounts('rowLstm', { classes, hidden });
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
