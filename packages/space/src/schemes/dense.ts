import { batchProduct } from '@funhash/autodiff/op-parts';
import { plainEntry } from '../ops/plain-matrix.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';

/** The plain matrix: every entry stored. */
export const dense = defineScheme({
  kind: 'dense',
  source: 'the uncompressed matrix',
  options: {},
  isPlain: true,
  plan: () => ({}),
  stored: (_, { rows, cols }) => ({ w: [rows, cols] }),
  initialize: ({ rows, cols, draw, std }) => ({ w: uniformValues(draw, rows * cols, std) }),
  entry: (entry, { w }) => plainEntry(entry, w),
  apply: (x, { w }, { bias }) => batchProduct(x, w, { transposeB: true, bias }),
});
