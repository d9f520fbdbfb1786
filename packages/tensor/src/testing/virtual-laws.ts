import { random } from '@funhash/hashing';
import { LawError } from '@funhash/hashing/testing';
import fc from 'fast-check';
import type { View, VirtualView } from '../backend.ts';
import type { FloatDType } from '../dtype.ts';
import type { KernelLaw } from './kernel-family.ts';
import { activations, epilogueOf } from './kernel-laws.ts';
import { anyExtent, anyLayout, anySeed, freshOut, type Operand, onBackend, operand } from './operand.ts';
import { hashed, type SampleFormula, sampleFormulas, wordFormulas } from './sample-formulas.ts';
import { type Bench, compare, firstDifference, invoke, requireRefusal } from './trial.ts';

export const pinned = { seed: 32, numRuns: 40, includeErrorInReport: true };

export interface Case {
  readonly size: readonly [number, number];
  readonly batch: number;
  readonly layouts: readonly [Parameters<typeof operand>[3], Parameters<typeof operand>[3]];
  readonly picks: readonly number[] | null;
  readonly bias: boolean;
  readonly activation: number;
  readonly float: number;
  readonly seed: number;
}

const layout = anyLayout.map((chosen) => ({ layout: chosen }));

/** Sizes around tiles and panels, and now and then several of them; batches 0, 1 and odd among them. */
export const anyCase: fc.Arbitrary<Case> = fc.record({
  size: fc.oneof(
    { weight: 12, arbitrary: fc.tuple(anyExtent, anyExtent) },
    { weight: 1, arbitrary: fc.constantFrom<[number, number][]>([37, 300], [3, 4500], [70, 33], [300, 5]) },
  ),
  batch: fc.constantFrom(0, 1, 2, 3, 7, 8, 13, 32),
  layouts: fc.tuple(layout, layout),
  picks: fc.option(fc.array(anySeed, { maxLength: 12 })),
  bias: fc.boolean(),
  activation: fc.nat({ max: activations.length }),
  float: fc.nat({ max: 1 }),
  seed: anySeed,
});

/** The stored arrays of a formula, as windows on larger buffers. */
export function storedOf(
  formula: SampleFormula,
  { size: [rows, cols], seed }: Case,
  dtype: FloatDType,
): Operand[] {
  return formula
    .lengths(rows, cols)
    .map((length, slot) => operand(dtype, [length], seed + 10 + slot, { layout: 'offset' }));
}

export function matrix(
  formula: SampleFormula,
  { size: [rows, cols], seed }: Case,
  stored: readonly View[],
): VirtualView {
  const { program, scalars } = formula;
  return {
    program,
    rows,
    cols,
    uniforms: formula.uniforms(Math.imul(seed, 0x9e3779b1) >>> 0),
    scalars,
    stored,
  };
}

export const dtypeOf = (bench: Bench, { float }: Case): FloatDType =>
  bench.floats[float % bench.floats.length] as FloatDType;

/** Row numbers as an operand, or nothing for all rows. */
function idsOf({ picks, size: [rows] }: Case): Operand[] {
  if (!picks || rows === 0) return [];
  const values = picks.map((pick) => pick % rows);
  return [operand('i32', [values.length], 3, { layout: 'offset', values })];
}

const forCases =
  (check: (bench: Bench, drawn: Case) => Promise<void>): KernelLaw['check'] =>
  (bench) =>
    fc.assert(
      fc.asyncProperty(anyCase, (drawn) => check(bench, drawn)),
      pinned,
    );

const virtualRows = (formula: SampleFormula): KernelLaw => ({
  kernel: 'virtualRows',
  name: `virtualRows: ${formula.name}, all rows or those of a list`,
  check: forCases((bench, drawn) => {
    const dtype = dtypeOf(bench, drawn);
    const ids = idsOf(drawn);
    const [rows, cols] = drawn.size;
    const stored = storedOf(formula, drawn, dtype);
    const out = freshOut(dtype, [ids[0]?.shape[0] ?? rows, cols]);
    return compare(bench, {
      kernel: 'virtualRows',
      operands: [out, ...stored, ...ids],
      outs: [0],
      call: ([to, ...rest]) => [
        matrix(formula, drawn, rest.slice(0, stored.length)),
        rest[stored.length] ?? null,
        to as View,
      ],
    });
  }),
});

const foldRows = (formula: SampleFormula): KernelLaw => ({
  kernel: 'foldRows',
  name: `foldRows: ${formula.name}, added to the outs, repeated rows too`,
  check: forCases((bench, drawn) => {
    const dtype = dtypeOf(bench, drawn);
    const ids = idsOf(drawn);
    const [rows, cols] = drawn.size;
    const stored = storedOf(formula, drawn, dtype);
    const dOut = operand(dtype, [ids[0]?.shape[0] ?? rows, cols], drawn.seed, drawn.layouts[0]);
    const outs = stored.map(({ shape }, slot) => operand(dtype, shape, drawn.seed + 20 + slot));
    return compare(bench, {
      kernel: 'foldRows',
      operands: [dOut, ...stored, ...outs, ...ids],
      outs: outs.map((_, slot) => 1 + stored.length + slot),
      call: ([from, ...rest]) => [
        from as View,
        rest[2 * stored.length] ?? null,
        matrix(formula, drawn, rest.slice(0, stored.length)),
        formula.adjoint,
        rest.slice(stored.length, 2 * stored.length),
      ],
    });
  }),
});

const virtualMatmul = (formula: SampleFormula): KernelLaw => ({
  kernel: 'virtualMatmul',
  name: `virtualMatmul: ${formula.name}, x of any layout, with bias and activation`,
  check: forCases((bench, drawn) => {
    const dtype = dtypeOf(bench, drawn);
    const [rows, cols] = drawn.size;
    const stored = storedOf(formula, drawn, dtype);
    const activation = activations[drawn.activation];
    return compare(bench, {
      kernel: 'virtualMatmul',
      operands: [
        operand(dtype, [drawn.batch, cols], drawn.seed, drawn.layouts[0]),
        operand(dtype, [rows], drawn.seed + 1, drawn.layouts[1]),
        freshOut(dtype, [drawn.batch, rows]),
        ...stored,
      ],
      outs: [2],
      call: ([x, added, out, ...values]) => [
        x as View,
        matrix(formula, drawn, values),
        out as View,
        ...epilogueOf(drawn.bias ? added : undefined, activation),
      ],
    });
  }),
});

const virtualFold = (formula: SampleFormula): KernelLaw => ({
  kernel: 'virtualFold',
  name: `virtualFold: ${formula.name}, added to the outs, dY and x of any layout`,
  check: forCases((bench, drawn) => {
    const dtype = dtypeOf(bench, drawn);
    const [rows, cols] = drawn.size;
    const stored = storedOf(formula, drawn, dtype);
    const outs = stored.map(({ shape }, slot) => operand(dtype, shape, drawn.seed + 20 + slot));
    return compare(bench, {
      kernel: 'virtualFold',
      operands: [
        operand(dtype, [drawn.batch, rows], drawn.seed, drawn.layouts[0]),
        operand(dtype, [drawn.batch, cols], drawn.seed + 1, drawn.layouts[1]),
        ...stored,
        ...outs,
      ],
      outs: outs.map((_, slot) => 2 + stored.length + slot),
      call: ([dY, x, ...rest]) => [
        dY as View,
        x as View,
        matrix(formula, drawn, rest.slice(0, stored.length)),
        formula.adjoint,
        rest.slice(stored.length),
      ],
    });
  }),
});

function requireBits(
  law: string,
  actual: ArrayLike<number>,
  expected: readonly number[],
  formula: string,
): void {
  const wrong = firstDifference(actual, expected, undefined);
  if (wrong === undefined) return;
  throw new LawError({
    operation: law,
    expected: `${expected[wrong]} at position ${wrong}, bit for bit`,
    actual: `${actual[wrong]}, of ${formula}`,
  });
}

const exactSizes: readonly (readonly [number, number])[] = [
  [17, 13],
  [16, 24],
  [33, 70],
  [1, 1],
];

/** Runs a kernel over a matrix with one stored value, 1, and gives what it writes. */
async function decoded(
  { backend }: Bench,
  formula: SampleFormula,
  [rows, cols]: readonly [number, number],
  through: 'virtualRows' | 'virtualMatmul',
): Promise<ArrayLike<number>> {
  const stored = onBackend(backend, operand('f32', [1], 0, { values: [1] }));
  const uniforms = formula.uniforms(0xfedcba98);
  const v = { program: formula.program, rows, cols, uniforms, scalars: [], stored: [stored] };
  const identity = Float32Array.from({ length: cols * cols }, (_, k) => (k % (cols + 1) === 0 ? 1 : 0));
  const x = onBackend(backend, operand('f32', [cols, cols], 0, { values: identity }));
  const out = onBackend(backend, freshOut('f32', through === 'virtualRows' ? [rows, cols] : [cols, rows]));
  if (through === 'virtualRows') invoke(backend, through, [v, null, out]);
  else invoke(backend, through, [x, v, out]);
  const values = await backend.download(out.buffer);
  for (const { buffer } of [stored, x, out]) backend.free(buffer);
  return values;
}

const wordLaw = (kernel: 'virtualRows' | 'virtualMatmul'): KernelLaw => ({
  kernel,
  name: `${kernel}: indices, signs and all word operations bit for bit`,
  check: async (bench) => {
    for (const formula of wordFormulas)
      for (const size of exactSizes) {
        const [rows, cols] = size;
        const values = { stored: [[1]], uniforms: formula.uniforms(0xfedcba98), scalars: [] };
        const expected = Array.from({ length: rows * cols }, (_, k) => {
          const [i, j] = kernel === 'virtualRows' ? [k / cols, k % cols] : [k % rows, k / rows];
          return formula.plain(Math.floor(i), Math.floor(j), values);
        });
        requireBits(kernel, await decoded(bench, formula, size, kernel), expected, formula.name);
      }
  },
});

/** A fold of ones: each bucket of a hashed matrix receives the sum of its signs, small whole numbers. */
const scatterLaw: KernelLaw = {
  kernel: 'virtualFold',
  name: 'virtualFold: every entry is added at its index with its sign, bit for bit',
  check: async (bench) => {
    for (const [rows, cols] of exactSizes) {
      const { backend } = bench;
      const ones = (n: number): View =>
        onBackend(backend, operand('f32', [1, n], 0, { values: Array(n).fill(1) }));
      const buckets = hashed.lengths(rows, cols)[0] as number;
      const [stored, out] = [5, 6].map((seed) => onBackend(backend, operand('f32', [buckets], seed))) as [
        View,
        View,
      ];
      backend.upload(out.buffer, new Float32Array(buckets).fill(100));
      const uniforms = hashed.uniforms(0xfedcba98);
      const v = { program: hashed.program, rows, cols, uniforms, scalars: [], stored: [stored] };
      const [dY, x] = [ones(rows), ones(cols)];
      invoke(backend, 'virtualFold', [dY, x, v, hashed.adjoint, [out]]);
      const found = await backend.download(out.buffer);
      for (const { buffer } of [stored, out, dY, x]) backend.free(buffer);
      const expected = new Array<number>(buckets).fill(100);
      const one = (bucket: number) => Array.from({ length: buckets }, (_, k) => (k === bucket ? 1 : 0));
      for (let bucket = 0; bucket < buckets; bucket++) {
        const values = { stored: [one(bucket)], uniforms, scalars: [] };
        for (let k = 0; k < rows * cols; k++)
          expected[bucket] =
            (expected[bucket] as number) + hashed.plain(Math.floor(k / cols), k % cols, values);
      }
      requireBits('virtualFold', found, expected, hashed.name);
    }
  },
};

const plainLaw: KernelLaw = {
  kernel: 'virtualRows',
  name: 'virtualRows: formulas mean what their plain definitions say',
  check: async ({ backend }) => {
    for (const formula of sampleFormulas) {
      const [rows, cols] = [19, 21];
      const draw = random(4);
      const stored = formula
        .lengths(rows, cols)
        .map((length) => draw.fillUniform(new Float32Array(length), -1, 1));
      const views = stored.map((values) =>
        onBackend(backend, operand('f32', [values.length], 0, { values })),
      );
      const { program, scalars } = formula;
      const values = { uniforms: formula.uniforms(0x89abcdef), scalars, stored };
      const out = onBackend(backend, freshOut('f32', [rows, cols]));
      invoke(backend, 'virtualRows', [{ program, rows, cols, ...values, stored: views }, null, out]);
      const found = await backend.download(out.buffer);
      for (const { buffer } of [...views, out]) backend.free(buffer);
      const expected = Array.from(found, (_, k) => formula.plain(Math.floor(k / cols), k % cols, values));
      const wrong = firstDifference(found, expected, 1e-5);
      if (wrong !== undefined)
        throw new LawError({
          operation: 'virtualRows',
          expected: `${expected[wrong]} at row ${Math.floor(wrong / cols)}, column ${wrong % cols} of ${formula.name}`,
          actual: String(found[wrong]),
        });
    }
  },
};

const rangeLaws: readonly KernelLaw[] = (['virtualRows', 'foldRows'] as const).map((kernel) => ({
  kernel,
  name: `${kernel}: refuses row numbers out of range`,
  check: async (bench) => {
    for (const bad of [-1, 4, 2 ** 31 - 1]) {
      const v = (stored: View): VirtualView => ({
        ...hashed,
        rows: 4,
        cols: 3,
        uniforms: hashed.uniforms(1),
        stored: [stored],
      });
      const operands = [
        operand('f32', [29], 1),
        operand('i32', [2], 1, { values: [0, bad] }),
        operand('f32', [2, 3], 2),
        operand('f32', [29], 3),
      ];
      if (kernel === 'virtualRows')
        requireRefusal(bench, {
          kernel,
          operands,
          call: ([w, ids, out]) => [v(w as View), ids as View, out as View],
        });
      else
        requireRefusal(bench, {
          kernel,
          operands,
          call: ([w, ids, dOut, out]) => [
            dOut as View,
            ids as View,
            v(w as View),
            hashed.adjoint,
            [out as View],
          ],
        });
    }
  },
}));

export const virtualLaws: readonly KernelLaw[] = [
  ...sampleFormulas.flatMap((formula) => [
    virtualRows(formula),
    virtualMatmul(formula),
    virtualFold(formula),
    foldRows(formula),
  ]),
  plainLaw,
  wordLaw('virtualRows'),
  wordLaw('virtualMatmul'),
  scatterLaw,
  ...rangeLaws,
];
