import { defineScheme } from '@funhash/layers';

/** A Toeplitz matrix: one stored value for each diagonal, V[i,j] = w[j − i + rows − 1]. */
export const toeplitz = defineScheme({
  kind: 'toeplitz',
  source: 'Sindhwani et al. 2015, arXiv:1510.01722, section 2',
  options: {},
  plan: () => ({}),
  stored: (_, { rows, cols }) => ({ w: [rows + cols - 1] }),
  initialize: ({ rows, cols, draw, std }) => ({
    w: draw.fillNormal(new Float64Array(rows + cols - 1), 0, std),
  }),
  entry: ({ row, col, rows }, { w }) => w.at(col.plus(rows).minus(row).minus(1)),
});
