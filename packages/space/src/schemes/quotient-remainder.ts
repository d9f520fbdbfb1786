import { ArgumentError } from '@funhash/hashing';
import { uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';

/**
 * The quotient-remainder trick: a row is the product of a row for its number's quotient and one for its remainder,
 * V[i,j] = q[⌊i/m⌋, j] · r[i mod m, j]. 2·√n stored rows tell n rows apart. Fewer cannot: number the rows by a hash below m².
 */
export const quotientRemainder = defineScheme({
  kind: 'quotientRemainder',
  source: 'Shi et al. 2020, arXiv:1909.02107, section 3 (complementary partitions), by products',
  options: {
    /** m, rows of r. Default: √rows, which stores the fewest values. */
    remainders: uniform.count(),
  },
  plan: ({ rows, cols, budget }) => {
    const least = Math.max(1, Math.ceil(Math.sqrt(rows)));
    if (budget === undefined) return { remainders: least };
    // The most rows that fit beside their quotients: r as large as the budget allows.
    const within = Math.floor(budget / Math.max(1, cols));
    const root = Math.sqrt(Math.max(0, within * within - 4 * rows));
    const most = Math.floor((within + root) / 2);
    for (const remainders of [most, most - 1])
      if (remainders >= least && remainders + Math.ceil(rows / remainders) <= within) return { remainders };
    return { remainders: least };
  },
  stored: ({ remainders }, { rows, cols }) => {
    if (remainders > Math.max(1, rows))
      throw new ArgumentError({
        operation: 'quotientRemainder',
        expected: `remainders up to the ${rows} rows`,
        actual: String(remainders),
      });
    return { q: [Math.ceil(rows / remainders), cols], r: [remainders, cols] };
  },
  // q starts near 1: Var(q·r) = Var r · (1 + 0.3²).
  initialize: ({ rows, cols, options: { remainders }, draw, std }) => {
    const q = new Float64Array(Math.ceil(rows / remainders) * cols);
    draw.fillNormal(q, 1, 0.3);
    return { q, r: uniformValues(draw, remainders * cols, std / Math.sqrt(1.09)) };
  },
  entry: ({ row, col, cols }, { q, r }, { remainders }) =>
    q.at(row.div(remainders).times(cols).plus(col)).times(r.at(row.rem(remainders).times(cols).plus(col))),
  sample: { requests: [{}, { remainders: 5 }], draws: { remainders: [] } },
});
