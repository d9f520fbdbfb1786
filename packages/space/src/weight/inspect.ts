import { Interpreter } from '@funhash/formula';
import { checkArgument } from '@funhash/hashing';
import { operandOf } from '../ops/virtual-matrix.ts';
import { type Weight, weightRule } from './weight.ts';

/** How evenly the entries of V use a stored array, over up to 2^22 entries. */
export interface ArrayLoad {
  readonly name: string;
  /** Stored values. */
  readonly length: number;
  /** Reads of one stored value: fewest, mean, most. */
  readonly least: number;
  readonly mean: number;
  readonly most: number;
  /** χ² ÷ (length − 1) against even use: about 1 where a hash spreads like chance. */
  readonly dispersion: number;
}

export interface WeightInspection {
  readonly loads: readonly ArrayLoad[];
  /** Share of +1 among the signs that the formula hashes; undefined where it has none. */
  readonly positiveShare: number | undefined;
  /** Entries looked at. */
  readonly entries: number;
}

const mostEntries = 2 ** 22;
const capacity = 4096;

/** Looks at what the formula of a weight reads: bucket loads and sign balance, whatever the scheme. */
export function inspectWeight(weight: Weight): WeightInspection {
  checkArgument('inspectWeight', 'weight', weightRule, weight);
  const { program, stored, uniforms, scalars } = operandOf(weight.virtual);
  const reads = program.nodes.filter(({ op }) => op === 'at');
  const signs = program.nodes.filter(({ op }) => op === 'asSign');
  const outputs = [...reads.map(({ args }) => args[0] as number), ...signs.map(({ id }) => id)];
  const interpreter = new Interpreter(program.only(outputs), 'f64', capacity);
  const counts = stored.map(({ size }) => new Float64Array(size));
  const arrays = stored.map((value) => Float64Array.from(value.dataSync()));
  let positive = 0;
  let entries = 0;
  // Of narrow matrices many rows at once: a panel costs the same whatever it holds.
  const cols = Math.min(weight.cols, capacity);
  const rows = Math.floor(capacity / cols);
  for (let row = 0; row < weight.rows && entries < mostEntries; row += rows)
    for (let col = 0; col < weight.cols && entries < mostEntries; col += cols) {
      const extents = { rows: Math.min(rows, weight.rows - row), cols: Math.min(cols, weight.cols - col) };
      const panel = { ...extents, firstRow: row, firstCol: col };
      const values = interpreter.run({ ...panel, uniforms, scalars, stored: arrays, inputs: [] });
      const size = panel.rows * panel.cols;
      entries += size;
      values.forEach((output, k) => {
        const read = reads[k];
        const used = output.subarray(0, size);
        if (read) for (const index of used) (counts[read.value] as Float64Array)[index >>> 0]! += 1;
        else for (const sign of used) positive += sign > 0 ? 1 : 0;
      });
    }
  return {
    loads: counts.map((count, slot) => loadOf(weight.arrayNames[slot] as string, count)),
    positiveShare: signs.length === 0 ? undefined : positive / (entries * signs.length),
    entries,
  };
}

function loadOf(name: string, counts: Float64Array): ArrayLoad {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = total / counts.length;
  const spread = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return {
    name,
    length: counts.length,
    least: counts.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY),
    mean,
    most: counts.reduce((most, count) => Math.max(most, count), 0),
    dispersion: mean === 0 ? 0 : spread / mean / Math.max(1, counts.length - 1),
  };
}
