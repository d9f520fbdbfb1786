import { learnedStep, levelsOf } from '@funhash/autodiff/op-parts';
import { defineScheme, structural } from '@funhash/layers';
import { startStep } from '@funhash/space';

const options = { bits: structural.integer({ least: 2, most: 8, default: 4 }) };

/** The rows of a matrix in the steps that learning starts from, and these steps. */
function scaled(matrix: ArrayLike<number>, rows: number, bits: number) {
  const cols = matrix.length / rows;
  const scale = new Float64Array(rows);
  const w = Float64Array.from(matrix);
  for (let row = 0; row < rows; row++) {
    const own = w.subarray(row * cols, (row + 1) * cols);
    const step = startStep(own, bits);
    scale[row] = step;
    for (const [k, x] of own.entries()) own[k] = x / step;
  }
  return { w, scale, step: Float64Array.of(1) };
}

/**
 * Whole numbers of so many bits with a learned factor for each row: V[i,j] = scale[i] · step · k, k the whole number nearest to w[i,j] / step
 * within −2^(bits − 1) and 2^(bits − 1) − 1. `lsq` has one factor for all rows.
 */
export const rowLevels = defineScheme({
  kind: 'rowLevels',
  source: 'Esser et al. 2020, arXiv:1902.08153, eq. 1 to 3, with a factor for each row',
  options,
  plan: () => ({}),
  stored: (_, { rows, cols }) => ({ w: [rows, cols], step: [1], scale: [rows] }),
  initialize: ({ rows, cols, draw, std, options: { bits } }) =>
    scaled(draw.fillNormal(new Float64Array(rows * cols), 0, std), rows, bits),
  fit: ({ target, rows, options: { bits } }) => scaled(target, rows, bits),
  entry: ({ row, col, rows, cols }, { w, step, scale }, { bits }) =>
    learnedStep(w.at(row.times(cols).plus(col)), step.at(0), {
      ...levelsOf(bits, { signed: true }),
      count: rows.asReal().times(cols.asReal()),
    }).times(scale.at(row)),
  rules: ({ bits }) => {
    const bounds = levelsOf(bits, { signed: true });
    // Latent values are in steps, of which a weight of usual size has so many.
    const rate = 3 * Math.sqrt(bounds.high);
    const positive = { bounds: [2 ** -30, 2 ** 30] as const };
    return { w: { rate, multiples: { of: 'step', ...bounds } }, step: positive, scale: positive };
  },
});
