import {
  add,
  GradientError,
  gradCheck,
  gradientsOf,
  matmul,
  multiply,
  reshape,
  square,
  sum,
} from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import { LawError } from '@funhash/hashing/testing';
import {
  full,
  runFoldRows,
  runKernel,
  runVirtualFold,
  runVirtualRows,
  type Tensor,
  tensor,
} from '@funhash/tensor';
import fc from 'fast-check';
import { virtualMatmul } from '../ops/virtual-matmul.ts';
import { operandOf, transposedMatrix, type VirtualMatrix } from '../ops/virtual-matrix.ts';
import { virtualRows } from '../ops/virtual-rows.ts';
import type { WeightPolicy } from '../scheme.ts';
import type { Weight } from '../weight/weight.ts';
import { forAll, requireClose } from './compare.ts';
import { requireTransposed } from './decode-laws.ts';
import { applied, rowsOf } from './hooks.ts';
import {
  type Arrays,
  changed,
  derivativeOf,
  entriesOf,
  gradientsUnder,
  normal,
  otherValues,
  readOnce,
  readOthers,
  type Subject,
  singleTolerance,
  timesTransposed,
  transposedValues,
} from './subject.ts';

const batch = 3;
const step = 1e-5;
const mostColumns = 256;

/** The adjoint is the transposed Jacobian of V, as central differences give it, also of Vᵀ. */
export function adjoint(subject: Subject): void {
  const weight = subject.weight();
  const values = otherValues(weight, 1);
  const v = subject.matrix(weight, values);
  const { rows, cols } = v;
  const draw = random(2);
  const dV = normal(draw, rows * cols);
  const gradients = gradientsUnder(v, values, dV);
  const moved = (slot: number, index: number, delta: number): Float64Array =>
    entriesOf(
      v,
      values.with(
        slot,
        (values[slot] as Float64Array).with(index, (values[slot]?.[index] as number) + delta),
      ),
    );
  gradients.forEach((gradient, slot) => {
    const name = weight.arrayNames[slot] as string;
    const stride = Math.ceil(gradient.length / mostColumns);
    const chosen = Array.from({ length: Math.ceil(gradient.length / stride) }, (_, k) => k * stride);
    const expected = chosen.map((index) => {
      const [up, down] = [moved(slot, index, step), moved(slot, index, -step)];
      return (
        up.reduce((total, x, k) => total + (dV[k] as number) * (x - (down[k] as number)), 0) / (2 * step)
      );
    });
    const actual = chosen.map((index) => gradient[index] as number);
    requireClose('adjoint', `the gradient of ${name} (every ${stride}th)`, actual, expected, 1e-6);
  });
  const direction = values.map((array) => normal(draw, array.length));
  const image = derivativeOf(v, values, direction);
  const along = (amount: number): Float64Array =>
    entriesOf(
      v,
      values.map((array, k) => array.map((x, i) => x + amount * (direction[k]?.[i] as number))),
    );
  const [up, down] = [along(step), along(-step)];
  const difference = up.map((x, k) => (x - (down[k] as number)) / (2 * step));
  requireClose('adjoint', 'the derivative of V in a direction', image, difference, 1e-6);
  requireClose('adjoint', '⟨J c, G⟩ and ⟨c, Jᵀ G⟩', [dot(direction, gradients)], [dot([image], [dV])], 1e-9);
  requireTransposed('adjoint', v, values);
  const across = gradientsUnder(transposedMatrix(v), values, transposedValues(dV, rows, cols));
  requireArrays('adjoint', 'the gradient through Vᵀ', across, gradients, 1e-9);
}

function dot(a: Arrays, b: Arrays): number {
  return a.reduce(
    (total, array, k) => total + array.reduce((sum, x, i) => sum + x * (b[k]?.[i] as number), 0),
    0,
  );
}

export function requireArrays(
  law: string,
  what: string,
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
  tolerance: number,
): void {
  expected.forEach((array, slot) => {
    requireClose(law, `${what}, array ${slot}`, actual[slot] ?? [], array, tolerance);
  });
}

/** What tensors that are needed no longer hold. */
export const read = (tensors: readonly Tensor[]): Promise<ArrayLike<number>[]> =>
  Promise.all(tensors.map(readOnce));

/** Gradients of parts of a batch, or of parts of V, add up to those of the whole; folding adds to what is there. */
export async function additive(subject: Subject): Promise<void> {
  const weight = subject.weight();
  const values = await readOthers(weight, 1);
  const v = subject.matrix(weight, values);
  const operand = operandOf(v);
  const program = v.formula.adjoint;
  const { rows, cols } = v;
  const draw = random(3);
  const count = 5;
  const dY = normal(draw, count * rows);
  const x = normal(draw, count * cols);
  const fold = (g: Float64Array, at: Float64Array): Promise<ArrayLike<number>[]> =>
    read(
      runVirtualFold(
        subject.tensor(g, [g.length / rows, rows]),
        subject.tensor(at, [at.length / cols, cols]),
        operand,
        program,
      ),
    );
  const whole = await fold(dY, x);
  const tolerance = subject.tolerance;
  await forAll(fc.integer({ min: 1, max: count - 1 }), 4, async (cut) => {
    const head = await fold(dY.subarray(0, cut * rows), x.subarray(0, cut * cols));
    const tail = await fold(dY.subarray(cut * rows), x.subarray(cut * cols));
    requireArrays(
      'additive',
      `the fold of ${cut} + ${count - cut} rows of a batch on ${subject.where}`,
      plus(head, tail),
      whole,
      tolerance,
    );
  });
  await forAll(fc.integer({ min: 1, max: rows - 1 }), 6, async (cut) => {
    const part = (keep: (row: number) => boolean): Float64Array =>
      dY.map((g, at) => (keep(at % rows) ? g : 0));
    const pieces = [
      await fold(
        part((row) => row < cut),
        x,
      ),
      await fold(
        part((row) => row >= cut),
        x,
      ),
    ] as const;
    requireArrays(
      'additive',
      `the fold of ${cut} + ${rows - cut} rows of V on ${subject.where}`,
      plus(...pieces),
      whole,
      tolerance,
    );
  });
  const ids = Int32Array.from({ length: rows + 2 }, (_, k) => (k * 5) % rows);
  const dOut = normal(draw, ids.length * cols);
  const foldRows = (from: number, to: number): Promise<ArrayLike<number>[]> =>
    read(
      runFoldRows(
        subject.tensor(dOut.slice(from * cols, to * cols), [to - from, cols]),
        tensor(ids.slice(from, to)),
        operand,
        program,
      ),
    );
  const all = await foldRows(0, ids.length);
  await forAll(fc.integer({ min: 1, max: ids.length - 1 }), 4, async (cut) => {
    const pieces = [await foldRows(0, cut), await foldRows(cut, ids.length)] as const;
    requireArrays(
      'additive',
      `the fold of ${cut} + ${ids.length - cut} chosen rows on ${subject.where}`,
      plus(...pieces),
      all,
      tolerance,
    );
  });
  await requireAdding(subject, v, whole, (outs) => {
    const views = [subject.tensor(dY, [count, rows]), subject.tensor(x, [count, cols])] as const;
    runKernel(views[0].backend, 'virtualFold', [...views, operand, program, outs]);
  });
  await requireAdding(subject, v, all, (outs) => {
    const view = subject.tensor(dOut, [ids.length, cols]);
    runKernel(view.backend, 'foldRows', [view, tensor(ids), operand, program, outs]);
  });
}

function plus(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number[][] {
  return a.map((array, k) => Array.from(array, (x, i) => x + (b[k]?.[i] as number)));
}

async function requireAdding(
  subject: Subject,
  v: VirtualMatrix,
  gradients: readonly ArrayLike<number>[],
  fold: (outs: readonly Tensor[]) => void,
): Promise<void> {
  const outs = v.stored.map(({ shape, dtype }) => full(shape, 1, { dtype }));
  fold(outs);
  const expected = gradients.map((array) => Array.from(array, (x) => x + 1));
  requireArrays(
    'additive',
    `a fold into ones on ${subject.where}`,
    await read(outs),
    expected,
    subject.tolerance,
  );
}

/** The product with V and its gradients are those of the decoded matrix, also of Vᵀ and of chosen rows. */
export async function fused(subject: Subject): Promise<void> {
  const weight = subject.weight();
  const values = await readOthers(weight, 1);
  const v = subject.matrix(weight, values);
  await requireProduct('fused', subject, v, values, (x, bias) => virtualMatmul(x, v, bias));
  const across = transposedMatrix(v);
  await requireProduct('fused', subject, across, values, (x, bias) => virtualMatmul(x, across, bias));
  const { rows, cols } = v;
  const ids = Int32Array.from({ length: rows }, (_, k) => (k * 3) % rows);
  const weights = normal(random(4), rows * cols);
  const [, gradients] = gradientsOf(
    () => sum(multiply(virtualRows(v, tensor(ids)), subject.tensor(weights, [rows, cols]))),
    v.stored,
  );
  const dV = new Float64Array(rows * cols);
  weights.forEach((g, at) => {
    const place = (ids[Math.floor(at / cols)] as number) * cols + (at % cols);
    dV[place] = (dV[place] as number) + g;
  });
  requireArrays(
    'fused',
    `the gradient of chosen rows on ${subject.where}`,
    await read(gradients),
    gradientsUnder(v, values, dV),
    subject.tolerance,
  );
}

/** Compares a product with V, with a bias, and all its gradients with the decoded matrix. */
export async function requireProduct(
  law: string,
  subject: Pick<Subject, 'where' | 'tolerance' | 'tensor'>,
  v: VirtualMatrix,
  values: Arrays,
  product: (x: Tensor, bias: Tensor) => Tensor,
): Promise<void> {
  const { rows, cols } = v;
  const decoded = entriesOf(v, values);
  const draw = random(5);
  const [x, bias, dY] = [normal(draw, batch * cols), normal(draw, rows), normal(draw, batch * rows)];
  const xTensor = subject.tensor(x, [batch, cols]);
  const biasTensor = subject.tensor(bias, [rows]);
  let y: Tensor | undefined;
  const [, gradients] = gradientsOf(() => {
    y = product(xTensor, biasTensor);
    return sum(multiply(y, subject.tensor(dY, [batch, rows])));
  }, [xTensor, biasTensor, ...v.stored]);
  const expected = timesTransposed(x, decoded, cols).map((value, at) => value + (bias[at % rows] as number));
  const { where, tolerance } = subject;
  requireClose(
    law,
    `x·Vᵀ + bias of ${rows} × ${cols} on ${where}`,
    await (y as unknown as Tensor).data(),
    expected,
    tolerance,
  );
  const [dX, dBias, ...dValues] = (await read(gradients)) as [ArrayLike<number>, ArrayLike<number>];
  const acrossV = transposedValues(decoded, rows, cols);
  requireClose(law, `dX of ${rows} × ${cols} on ${where}`, dX, timesTransposed(dY, acrossV, rows), tolerance);
  const sums = timesTransposed(transposedValues(dY, batch, rows), new Float64Array(batch).fill(1), batch);
  requireClose(law, `the gradient of the bias on ${where}`, dBias, sums, tolerance);
  const dV = timesTransposed(transposedValues(dY, batch, rows), transposedValues(x, batch, cols), batch);
  requireArrays(
    law,
    `the gradient of the stored values on ${where}`,
    dValues,
    gradientsUnder(v, values, dV),
    tolerance,
  );
}

/** Gradients of gradients, in double precision, against central differences along random directions. */
export function second(subject: Subject): void {
  const weight = subject.weight();
  const v = subject.matrix(weight, otherValues(weight, 1));
  const x = subject.tensor(normal(random(6), 2 * v.cols), [2, v.cols]);
  const ids = tensor(Int32Array.of(0, v.rows - 1, 0));
  requireGradients(([at, ...stored]) => virtualMatmul(at as Tensor, { ...v, stored }), [x, ...v.stored]);
  requireGradients(
    ([at, ...stored]) => {
      const kept = { ...v, stored };
      return virtualMatmul(at as Tensor, { ...kept, decoded: runVirtualRows(operandOf(kept), null) });
    },
    [x, ...v.stored],
  );
  requireGradients((stored) => virtualRows({ ...v, stored }, ids), v.stored);
  if (weight.definition.apply)
    requireGradients(([at, ...stored]) => applied(weight, at as Tensor, stored), [x, ...v.stored]);
  if (weight.definition.rowsAt) requireGradients((stored) => rowsOf(weight, stored, undefined), v.stored);
}

const directions = 2;

function requireGradients(f: (at: readonly Tensor[]) => Tensor, start: readonly Tensor[]): void {
  const draw = random(10);
  const spread = start.map(({ size }) => tensor(normal(draw, directions * size, 0.5), [directions, size]));
  const moved = (amounts: readonly Tensor[]): Tensor[] =>
    start.map((from, k) => {
      const step = matmul(reshape(amounts[k] as Tensor, [1, directions]), spread[k] as Tensor);
      return add(from, reshape(step, from.shape));
    });
  const origin = start.map(() => tensor(new Float64Array(directions)));
  try {
    // Squared, so that the cotangents depend on the inputs too.
    gradCheck((...amounts) => square(f(moved(amounts))), origin);
  } catch (cause) {
    if (!(cause instanceof GradientError)) throw cause;
    const { expected, actual } = cause.details;
    throw new LawError({ operation: 'second', expected, actual }, { cause });
  }
}

/**
 * Weights of each policy give equal products and, where they train, equal gradients, and see a change of their
 * parameters; frozen ones refuse a gradient by their stored values.
 */
export async function policies(subject: Subject): Promise<void> {
  const weight = subject.weight();
  const single = { where: subject.where, tolerance: singleTolerance, tensor: tensorOfSingle };
  for (const policy of ['tile', 'step', 'frozen'] satisfies WeightPolicy[]) {
    const chosen = changed(weight, { policy });
    const where = `${subject.where} with policy ${policy}`;
    for (const round of [1, 2]) {
      const values = (await readOthers(weight, round)).map((array) => array.map(Math.fround));
      weight.parameters.forEach((parameter, k) => {
        parameter.assign(tensorOfSingle(values[k] as Float64Array, parameter.value.shape));
      });
      if (policy === 'frozen') await requireFrozen(weight, chosen, where);
      else
        await requireProduct('policies', { ...single, where }, chosen.virtual, values, (x, bias) =>
          chosen.matmul(x, bias),
        );
      requireKept(chosen, where);
    }
  }
}

const tensorOfSingle = (values: Float64Array, shape: readonly number[]): Tensor =>
  tensor(values, shape, { dtype: 'f32' });

async function requireFrozen(weight: Weight, frozen: Weight, where: string): Promise<void> {
  const x = tensorOfSingle(normal(random(6), batch * weight.cols), [batch, weight.cols]);
  const [expected, found] = await read([weight, frozen].map((each) => each.matmul(x)));
  requireClose('policies', `x·Vᵀ on ${where}`, found ?? [], expected ?? [], singleTolerance);
  const stored = frozen.parameters.map(({ value }) => value);
  try {
    gradientsOf(() => sum(frozen.matmul(x)), stored);
  } catch (error) {
    if (error instanceof ArgumentError) return;
    throw error;
  }
  throw new LawError({
    operation: 'policies',
    expected: 'a frozen weight to refuse a gradient by its stored values',
    actual: `one, on ${where}`,
  });
}

function requireKept(weight: Weight, where: string): void {
  const [kept, again] = [weight.virtual.decoded, weight.virtual.decoded];
  const mayKeep = weight.policy !== 'tile' && weight.definition.apply === undefined;
  if ((kept !== undefined) === mayKeep && kept === again) return;
  throw new LawError({
    operation: 'policies',
    expected: mayKeep ? 'V decoded once for each change of the stored values' : 'V not kept',
    actual: kept ? 'V decoded, or decoded again' : 'V not kept',
    remedy: `On ${where}.`,
  });
}
