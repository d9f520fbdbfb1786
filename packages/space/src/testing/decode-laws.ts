import { Program, Real, Word } from '@funhash/formula';
import { evaluateEntry } from '@funhash/formula/testing';
import { ArgumentError } from '@funhash/hashing';
import { runVirtualRows, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { transposedMatrix, type VirtualMatrix } from '../ops/virtual-matrix.ts';
import { virtualRows } from '../ops/virtual-rows.ts';
import type { MatrixShape, WeightRequest } from '../scheme.ts';
import { createWeight } from '../weight/create-weight.ts';
import type { Weight } from '../weight/weight.ts';
import { forAll, requireClose, requireDifferent, requireSame } from './compare.ts';
import {
  type Arrays,
  afresh,
  changed,
  dependsOnShape,
  entriesOf,
  readOnce,
  readValues,
  type Subject,
  valuesOf,
  type Window,
  wholeOf,
} from './subject.ts';

/** A row or a window of V is a slice of the whole, and each entry is what its formula says at its own place. */
export async function tile(subject: Subject): Promise<void> {
  const weight = subject.weight();
  const values = await readValues(weight);
  const v = subject.matrix(weight, values);
  const whole = await readOnce(virtualRows(v));
  requireClose('tile', `V on ${subject.where}`, whole, entriesOf(v, values), subject.tolerance);
  const { rows, cols } = v;
  await forAll(fc.array(fc.nat({ max: rows - 1 }), { minLength: 1, maxLength: 5 }), 10, async (ids) => {
    const chosen = await readOnce(virtualRows(v, tensor(Int32Array.from(ids))));
    const slices = ids.flatMap((id) => [...whole.subarray(id * cols, (id + 1) * cols)]);
    requireSame('tile', `rows ${ids} of V on ${subject.where}`, chosen, slices);
  });
  const exact = entriesOf(v, values);
  await forAll(windowsOf(v), 20, (window) => {
    const slice = sliceOf(exact, v, window);
    requireSame('tile', `window ${JSON.stringify(window)} of V`, entriesOf(v, values, window), slice);
    const { firstRow, firstCol } = window;
    requireClose(
      'tile',
      `entry ${firstRow}, ${firstCol}`,
      slice.subarray(0, 1),
      [entryAt(v, values, window)],
      1e-12,
    );
  });
}

function windowsOf(v: VirtualMatrix): fc.Arbitrary<Window> {
  const side = (extent: number): fc.Arbitrary<[number, number]> =>
    fc
      .nat({ max: extent - 1 })
      .chain((first) => fc.tuple(fc.constant(first), fc.integer({ min: 1, max: extent - first })));
  return fc
    .tuple(side(v.rows), side(v.cols))
    .map(([[firstRow, rows], [firstCol, cols]]) => ({ firstRow, rows, firstCol, cols }));
}

function sliceOf(
  whole: Float64Array,
  v: VirtualMatrix,
  { firstRow, firstCol, rows, cols }: Window,
): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, at) => {
    const row = firstRow + Math.floor(at / cols);
    return whole[row * v.cols + firstCol + (at % cols)] as number;
  });
}

function entryAt(v: VirtualMatrix, stored: Arrays, { firstRow, firstCol }: Window): number {
  const { uniforms, scalars } = v;
  const place = { row: firstRow, col: firstCol, uniforms, scalars, stored };
  return evaluateEntry(v.formula.program, place).outputs[0] as number;
}

/** Indices and signs, bit for bit: those of the backend, and those of integers of any size. */
export async function words(subject: Subject): Promise<void> {
  const weight = subject.weight();
  const v = subject.matrix(weight, await readValues(weight));
  const { graph, nodes, slots } = v.formula.program;
  const indices = nodes.filter(({ op }) => op === 'at').map(({ args }) => new Word(graph, args[0] as number));
  const signs = nodes.filter(({ op }) => op === 'asSign').map(({ id }) => Real.from(graph, id));
  // Halves of a word are exact in single precision too.
  const halves = indices.flatMap((index) => [index.and(0xffff).asReal(), index.shr(16).asReal()]);
  const outputs = [...new Set([...halves, ...signs].map(({ id }) => id))];
  const program = new Program(graph, outputs, [], slots);
  const { rows, cols, uniforms, scalars, stored } = v;
  const sampled = [0, Math.floor(rows / 2), rows - 1].map((row) => row * cols);
  const expected = sampled.map((start) =>
    Array.from({ length: cols }, (_, col) => {
      const row = start / cols;
      return evaluateEntry(program, { row, col, uniforms, scalars }).outputs;
    }),
  );
  for (const [k, id] of outputs.entries()) {
    const operand = { program: program.only([id]), rows, cols, uniforms, scalars, stored };
    const found = await readOnce(runVirtualRows(operand, null));
    sampled.forEach((start, s) => {
      const wanted = (expected[s] as (readonly number[])[]).map((entry) => entry[k] as number);
      const what = `word or sign ${k} of row ${start / cols} on ${subject.where}`;
      requireSame('words', what, found.subarray(start, start + cols), wanted);
    });
  }
}

const hugeExtent = 2 ** 20;
const hugeShape = { rows: hugeExtent, cols: hugeExtent };
const corner = 16;

/** Whether a weight of a request stores more the larger it is, so that there is none of 2^20 × 2^20 entries. */
export const growsWithMatrix = (request: WeightRequest, shape: MatrixShape): boolean =>
  dependsOnShape(createWeight(request, shape), hugeShape);

/** Corner tiles of a matrix of 2^20 × 2^20 entries decode as their places say, and places far apart differ. */
export async function huge(subject: Subject): Promise<void> {
  const weight = subject.weight();
  if (dependsOnShape(weight, hugeShape))
    throw new ArgumentError({
      operation: 'law huge',
      expected: 'a scheme whose stored values do not grow with the matrix',
      actual: weight.definition.kind,
      remedy: 'Leave this law out: except huge.',
    });
  const values = await readValues(weight);
  const v = subject.matrix(changed(weight, hugeShape), values);
  const places = [0, 2 ** 16, 2 ** 19, hugeExtent - corner];
  const tiles = places.flatMap((firstRow) =>
    places.map((firstCol) => ({ firstRow, firstCol, rows: corner, cols: corner })),
  );
  const decoded = tiles.map((window) => entriesOf(v, values, window));
  tiles.forEach((window, k) => {
    const what = `the tile at ${window.firstRow}, ${window.firstCol}`;
    const first = (decoded[k] as Float64Array).subarray(0, 1);
    requireClose('huge', what, first, [entryAt(v, values, window)], 1e-12);
    for (const other of decoded.slice(0, k))
      requireDifferent('huge', `${what} and one before it`, decoded[k] as Float64Array, other);
  });
  await requireRows(subject, subject.matrix(changed(weight, { rows: hugeExtent }), values), values);
  await requireRows(
    subject,
    transposedMatrix(subject.matrix(changed(weight, { cols: hugeExtent }), values)),
    values,
  );
  // A row of 2^20 entries is slow on the reference, which the panels above have shown to be right.
  if (subject.dtype === 'f32') await requireRows(subject, v, values);
}

async function requireRows(subject: Subject, v: VirtualMatrix, values: Arrays): Promise<void> {
  const { rows, cols } = v;
  const row = rows - 1;
  const found = await readOnce(virtualRows(v, tensor(Int32Array.of(row))));
  const width = Math.min(corner, cols);
  for (const firstCol of [0, cols - width]) {
    const wanted = entriesOf(v, values, { firstRow: row, firstCol, rows: 1, cols: width });
    const what = `row ${row} of ${rows} × ${cols} entries from column ${firstCol} on ${subject.where}`;
    requireClose('huge', what, found.subarray(firstCol, firstCol + width), wanted, subject.tolerance);
  }
}

/** Transposing the formula transposes V. */
export function requireTransposed(law: string, v: VirtualMatrix, values: Arrays): void {
  const { rows, cols } = v;
  const other = { ...v, rows: cols, cols: rows, formula: v.formula.transposed };
  const whole = entriesOf(v, values);
  const across = entriesOf(other, values, wholeOf(other));
  const expected = across.map((_, at) => whole[(at % rows) * cols + Math.floor(at / rows)] as number);
  requireSame(law, 'V of the transposed formula', across, expected);
}

/** One seed gives one matrix, in every process; other seeds give other start values and other hashes. */
export function seeds(subject: Subject): void {
  const { request } = subject;
  const schema = request.scheme.definition.options;
  const isSeed = (name: string): boolean => schema[name]?.isSeed === true;
  const options = Object.fromEntries(Object.entries(request.options).filter(([name]) => !isSeed(name)));
  const of = (seed: number): Weight => {
    const again = subject.request;
    const scheme = { definition: afresh(again.scheme.definition) };
    return subject.weight({ seed }, { ...again, scheme, options });
  };
  const [weight, again, other] = [of(5), of(5), of(6)];
  valuesOf(weight).forEach((values, k) => {
    requireSame('seeds', `start values ${k} of one seed`, valuesOf(again)[k] as Float64Array, values);
  });
  const decoded = entriesOf(weight.virtual, valuesOf(weight));
  requireSame('seeds', 'V of one seed', entriesOf(again.virtual, valuesOf(again)), decoded);
  requireDifferent('seeds', 'V of two seeds', entriesOf(other.virtual, valuesOf(other)), decoded);
  if (Object.keys(schema).some(isSeed)) {
    const values = valuesOf(weight);
    const what = 'V of two seeds with the same stored values';
    requireDifferent('seeds', what, entriesOf(other.virtual, values), decoded);
  }
}
