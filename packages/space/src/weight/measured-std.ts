import { Interpreter } from '@funhash/formula';
import { random } from '@funhash/hashing';
import type { UnfilledMatrix } from '../virtual-of.ts';

const sampledRows = 64;
const sampledCols = 1024;

/**
 * The standard deviation of the entries of V about 0, in f64, over up to 64 rows (random ones where there are more)
 * and a window of up to 1024 columns: enough to tell it within about 1 %. About 0 and not about their mean, so that
 * it holds for a V of few entries, or one. 1 where V has no entries or all are 0.
 */
export function measuredStd(v: UnfilledMatrix, values: Readonly<Record<string, Float64Array>>): number {
  const rows = Math.min(sampledRows, v.rows);
  const cols = Math.min(sampledCols, v.cols);
  if (rows * cols === 0) return 1;
  const draw = random(1);
  const ids = Int32Array.from({ length: rows }, (_, k) => (rows < v.rows ? draw.integer(v.rows) : k));
  const [entries] = new Interpreter(v.formula.program, 'f64', rows * cols).run({
    rows,
    cols,
    firstRow: ids,
    firstCol: draw.integer(v.cols - cols + 1),
    uniforms: v.uniforms,
    scalars: v.scalars,
    stored: v.arrays.map((name) => values[name] as Float64Array),
    inputs: [],
  });
  const sample = (entries as Float64Array).subarray(0, rows * cols);
  return Math.sqrt(sample.reduce((sum, value) => sum + value * value, 0) / sample.length) || 1;
}
