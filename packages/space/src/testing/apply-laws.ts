import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { random } from '@funhash/hashing';
import { type Tensor, tensor } from '@funhash/tensor';
import type { VirtualMatrix } from '../ops/virtual-matrix.ts';
import type { Weight } from '../weight/weight.ts';
import { requireClose } from './compare.ts';
import { read, requireArrays, requireProduct } from './gradient-laws.ts';
import { applied, rowsOf } from './hooks.ts';
import { type Arrays, entriesOf, gradientsUnder, normal, readOthers, type Subject } from './subject.ts';

/** The product by contraction and rows made at once, and their gradients, are those of the decoded matrix. */
export async function apply(subject: Subject): Promise<void> {
  const weight = subject.weight();
  const values = await readOthers(weight, 1);
  const v = subject.matrix(weight, values);
  if (weight.definition.apply)
    await requireProduct('apply', subject, v, values, (x, bias) => applied(weight, x, v.stored, bias));
  if (weight.definition.rowsAt) {
    const ids = [v.rows - 1, 0, v.rows - 1];
    await requireRows(subject, weight, v, values, ids);
    await requireRows(subject, weight, v, values);
  }
}

async function requireRows(
  subject: Subject,
  weight: Weight,
  v: VirtualMatrix,
  values: Arrays,
  ids?: readonly number[],
): Promise<void> {
  const { where, tolerance } = subject;
  const chosen = ids ?? Array.from({ length: v.rows }, (_, row) => row);
  const rowOf = (row: number): Float64Array =>
    entriesOf(v, values, { rows: 1, cols: v.cols, firstRow: row, firstCol: 0 });
  const g = normal(random(5), chosen.length * v.cols);
  let found: Tensor | undefined;
  const [, gradients] = gradientsOf(() => {
    found = rowsOf(weight, v.stored, ids && tensor(Int32Array.from(ids)));
    return sum(multiply(found, subject.tensor(g, [chosen.length, v.cols])));
  }, [...v.stored]);
  requireClose(
    'apply',
    `rows ${chosen} on ${where}`,
    await (found as Tensor).data(),
    chosen.flatMap((row) => [...rowOf(row)]),
    tolerance,
  );
  const wanted = values.map((array) => new Float64Array(array.length));
  chosen.forEach((row, k) => {
    const part = gradientsUnder(v, values, g.subarray(k * v.cols, (k + 1) * v.cols), {
      rows: 1,
      cols: v.cols,
      firstRow: row,
      firstCol: 0,
    });
    part.forEach((array, slot) => {
      array.forEach((x, at) => {
        (wanted[slot] as Float64Array)[at]! += x;
      });
    });
  });
  requireArrays('apply', `gradients of rows on ${where}`, await read(gradients), wanted, tolerance);
}
