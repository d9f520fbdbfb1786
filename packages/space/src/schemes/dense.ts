import { matmul } from '@funhash/autodiff';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';

/** The plain matrix: every entry stored. */
export const dense = defineScheme({
  kind: 'dense',
  source: 'the uncompressed matrix',
  options: {},
  plan: () => ({}),
  stored: (_, { rows, cols }) => ({ w: [rows, cols] }),
  initialize: ({ rows, cols, draw, std }) => ({ w: uniformValues(draw, rows * cols, std) }),
  entry: ({ row, col, cols }, { w }) => w.at(row.times(cols).plus(col)),
  apply: (x, { w }, { bias }) => matmul(x, w, { transposeB: true, bias }),
});
