import type { Program } from '@funhash/formula';
import { evaluateEntry } from '@funhash/formula/testing';
import type { Epilogue, Kernels, SignBounds, View, VirtualView } from '../backend.ts';
import type { KernelName } from '../run-kernel.ts';
import { families } from './families.ts';
import type { Families } from './kernel-family.ts';
import { type Index, indicesOf, range, read, sum, write } from './naive-views.ts';

/**
 * Every kernel once more, element by element from its definition, over host memory: no packing, panels, tiles or
 * chunks, sums in double precision. What the reference backend is itself compared with.
 */

const precisionOf = ({ dtype }: View): 'f32' | 'f64' => (dtype === 'f32' ? 'f32' : 'f64');

function finish(out: View, epilogue: Epilogue | undefined): void {
  const { bias, activation } = epilogue ?? {};
  for (const index of indicesOf(out.shape)) {
    const biased = read(out, ...index) + (bias ? read(bias, index.at(-1) as number) : 0);
    const rounded = precisionOf(out) === 'f64' ? biased : Math.fround(biased);
    const entry = { row: 0, col: 0, inputs: [rounded] };
    const value = activation ? evaluateEntry(activation, entry, precisionOf(out)).outputs[0] : rounded;
    write(out, index, value as number);
  }
}

const contents = (views: readonly View[]): number[][] =>
  views.map((view) => indicesOf(view.shape).map((index) => read(view, ...index)));

const valuesOf = ({ uniforms, scalars, stored }: VirtualView) => ({
  uniforms,
  scalars,
  stored: contents(stored),
});

function decode(v: VirtualView, rowNumbers: readonly number[], dtype: 'f32' | 'f64'): number[][] {
  const operands = valuesOf(v);
  return rowNumbers.map((row) =>
    range(v.cols).map(
      (col) => evaluateEntry(v.program, { ...operands, row, col }, dtype).outputs[0] as number,
    ),
  );
}

/** Adds the sinks of `adjoint` for every listed row under its cotangents. */
function fold(
  v: VirtualView,
  adjoint: Program,
  rowNumbers: readonly number[],
  cotangent: (n: number, col: number) => number,
  outs: readonly View[],
): void {
  const operands = valuesOf(v);
  const sums = contents(outs);
  rowNumbers.forEach((row, n) => {
    for (const col of range(v.cols)) {
      const entry = { ...operands, row, col, inputs: [cotangent(n, col)] };
      const { additions } = evaluateEntry(adjoint, entry, precisionOf(outs[0] as View));
      for (const { slot, index, value } of additions) {
        const sum = sums[slot] as number[];
        sum[index] = (sum[index] as number) + value;
      }
    }
  });
  outs.forEach((out, slot) => {
    indicesOf(out.shape).forEach((index, k) => {
      write(out, index, sums[slot]?.[k] as number);
    });
  });
}

const rowNumbers = (v: VirtualView, ids: View | null): number[] =>
  ids ? (contents([ids])[0] as number[]) : range(v.rows);

type NaiveOf<F> = { readonly [K in keyof F & KernelName]: Kernels[K] };

function naiveOf<F extends Families>(given: F): NaiveOf<F> {
  const entries = Object.entries(given).map(([kernel, family]) => [kernel, family?.naive]);
  return Object.fromEntries(entries) as NaiveOf<F>;
}

const bitOf = (word: number, bit: number): number => (word >>> bit) & 1;

/** Packs the signs of `values` (of an index of out's leading axes, and a channel). */
function packNaively(
  out: View,
  channels: number,
  bounds: SignBounds | undefined,
  value: (lead: Index, n: number) => number,
): void {
  for (const index of indicesOf(out.shape)) {
    const word = index.at(-1) as number;
    const isSet = (k: number): boolean => {
      const n = 32 * word + k;
      if (n >= channels) return false;
      const reaches = value(index.slice(0, -1), n) >= (bounds ? read(bounds.least, n) : 0);
      return reaches !== (bounds !== undefined && bitOf(read(bounds.below, word), k) === 1);
    };
    write(
      out,
      index,
      sum(32, (k) => (isSet(k) ? 2 ** k : 0)),
    );
  }
}

export const naiveKernels: Kernels = {
  ...naiveOf(families),
  fill(out, value) {
    for (const index of indicesOf(out.shape)) write(out, index, value);
  },
  copy(x, out) {
    for (const index of indicesOf(out.shape)) write(out, index, read(x, ...index));
  },
  map(program, inputs, scalars, outs) {
    const [first] = outs as [View];
    for (const index of indicesOf(first.shape)) {
      const entry = { row: 0, col: 0, scalars, inputs: inputs.map((input) => read(input, ...index)) };
      const { outputs } = evaluateEntry(program, entry, precisionOf(first));
      outs.forEach((out, k) => {
        write(out, index, outputs[k] as number);
      });
    }
  },
  reduce(op, x, out) {
    const lines = new Map<string, number[]>(indicesOf(out.shape).map((target) => [target.join(), []]));
    for (const index of indicesOf(x.shape)) {
      const target = index.map((i, axis) => (out.shape[axis] === 1 ? 0 : i));
      lines.get(target.join())?.push(read(x, ...index));
    }
    for (const target of indicesOf(out.shape)) {
      const values = lines.get(target.join()) as number[];
      const result = op === 'sum' ? sum(values.length, (k) => values[k] as number) : Math[op](...values);
      write(out, target, result);
    }
  },
  argMax(x, out) {
    for (const lead of indicesOf(out.shape)) {
      const line = range(x.shape.at(-1) as number).map((k) => read(x, ...lead, k));
      const missing = line.findIndex(Number.isNaN);
      write(out, lead, missing >= 0 ? missing : line.indexOf(Math.max(...line)));
    }
  },
  matmul(a, b, out, epilogue) {
    for (const index of indicesOf(out.shape)) {
      const row = index.slice(0, -1);
      const batch = index.slice(0, b.shape.length - 2);
      const columns = indicesOf(a.shape.slice(row.length));
      const n = index.at(-1) as number;
      write(
        out,
        index,
        sum(columns.length, (k) => read(a, ...row, ...(columns[k] as Index)) * read(b, ...batch, k, n)),
      );
    }
    finish(out, epilogue);
  },
  logSumExp(x, out) {
    for (const lead of indicesOf(out.shape)) {
      const line = range(x.shape.at(-1) as number).map((k) => read(x, ...lead, k));
      const most = Math.max(...line);
      const shifted = sum(line.length, (k) => Math.exp((line[k] as number) - most));
      write(out, lead, Math.abs(most) === Number.POSITIVE_INFINITY ? most : most + Math.log(shifted));
    }
  },
  virtualRows(v, ids, out) {
    const rows = decode(v, rowNumbers(v, ids), precisionOf(out));
    for (const index of indicesOf(out.shape))
      write(out, index, rows[index[0] as number]?.[index[1] as number] as number);
  },
  foldRows(dOut, ids, v, adjoint, outs) {
    fold(v, adjoint, rowNumbers(v, ids), (n, col) => read(dOut, n, col), outs);
  },
  virtualMatmul(x, v, out, epilogue) {
    const matrix = decode(v, range(v.rows), precisionOf(out));
    const columns = indicesOf(x.shape.slice(out.shape.length - 1));
    for (const index of indicesOf(out.shape)) {
      const row = index.slice(0, -1);
      const entries = matrix[index.at(-1) as number] as number[];
      write(
        out,
        index,
        sum(v.cols, (k) => read(x, ...row, ...(columns[k] as Index)) * (entries[k] as number)),
      );
    }
    finish(out, epilogue);
  },
  virtualFold(dY, x, v, adjoint, outs) {
    const rows = indicesOf(dY.shape.slice(0, -1));
    const columns = indicesOf(x.shape.slice(dY.shape.length - 1));
    fold(
      v,
      adjoint,
      range(v.rows),
      (row, col) =>
        sum(rows.length, (b) => {
          const at = rows[b] as Index;
          return read(dY, ...at, row) * read(x, ...at, ...(columns[col] as Index));
        }),
      outs,
    );
  },
  packSigns(x, out, bounds) {
    packNaively(out, x.shape.at(-1) as number, bounds, (lead, n) => read(x, ...lead, n));
  },
  signMatmul(a, b, depth, out, bounds) {
    const [channels, words] = b.shape as [number, number];
    const columns = indicesOf(a.shape.slice(out.shape.length - 1));
    const product = (row: Index, n: number): number =>
      sum(columns.length / words, (plane) => {
        let differing = 0;
        for (let word = 0; word < words; word++) {
          const left = read(a, ...row, ...(columns[plane * words + word] as Index));
          const right = read(b, n, word);
          for (let k = 0; k < 32; k++) differing += bitOf(left, k) ^ bitOf(right, k);
        }
        return 2 ** plane * (depth - 2 * differing);
      });
    if (bounds) packNaively(out, channels, bounds, product);
    else
      for (const index of indicesOf(out.shape))
        write(out, index, product(index.slice(0, -1), index.at(-1) as number));
  },
};
