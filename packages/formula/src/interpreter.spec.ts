import { ArgumentError, random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adjoint } from './differentiate.ts';
import { Graph } from './graph.ts';
import { type FloatArray, Interpreter, type Panel } from './interpreter.ts';
import { Program, tracePointwise } from './program.ts';
import { Real } from './real.ts';
import { anyProgram, programSlots } from './testing/any-program.ts';
import { evaluateEntry } from './testing/evaluate-entry.ts';
import { Word } from './word.ts';

type DType = 'f32' | 'f64';

const pinned = { seed: 22, numRuns: 150 };
const side = fc.integer({ min: 0, max: 9 });
const first = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(0x7ffffffe, 0xfffffff0));
const array = (dtype: DType, length: number): FloatArray =>
  dtype === 'f32' ? new Float32Array(length) : new Float64Array(length);

interface Situation {
  readonly panel: Panel;
  readonly sinks: FloatArray[];
}

/** A panel of any shape and place, with operands from `seed`. */
function situation(
  program: Program,
  dtype: DType,
  seed: number,
  place: Pick<Panel, 'rows' | 'cols' | 'firstRow' | 'firstCol'>,
): Situation {
  const draw = random(seed);
  const filled = (length: number): FloatArray => draw.fillUniform(array(dtype, length), -1, 1);
  const stored = programSlots.storedLengths.map(filled);
  const sinks = programSlots.storedLengths.map(filled);
  const inputs = Array.from({ length: program.slots.inputs }, () => filled(place.rows * place.cols));
  const uniforms = [draw.uint32(), draw.uint32()];
  return { panel: { ...place, stored, sinks, inputs, uniforms, scalars: [draw.uniform()] }, sinks };
}

const rowOf = ({ firstRow }: Panel, r: number): number =>
  typeof firstRow === 'number' ? (firstRow + r) >>> 0 : (firstRow[r] as number);

/** Outputs and sinks of a panel, entry by entry. */
function expected(program: Program, dtype: DType, panel: Panel, start: readonly FloatArray[]) {
  const outputs = program.outputs.map(() => array(dtype, panel.rows * panel.cols));
  const sums = start.map((sink) => Float64Array.from(sink));
  for (let k = 0; k < panel.rows * panel.cols; k++) {
    const row = rowOf(panel, Math.floor(k / panel.cols));
    const col = (panel.firstCol + (k % panel.cols)) >>> 0;
    const inputs = panel.inputs.map((input) => input[k] as number);
    const found = evaluateEntry(program, { ...panel, row, col, inputs }, dtype);
    found.outputs.forEach((value, out) => {
      (outputs[out] as FloatArray)[k] = value;
    });
    for (const { slot, index, value } of found.additions) {
      const sum = sums[slot] as Float64Array;
      sum[index] = (sum[index] as number) + value;
    }
  }
  return { outputs, sums };
}

const size = ({ rows, cols }: Panel): number => rows * cols;

function requireClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  for (let k = 0; k < wanted.length; k++)
    if (!(Math.abs((actual[k] as number) - (wanted[k] as number)) <= tolerance))
      throw new Error(`element ${k}: expected ${wanted[k]}, got ${actual[k]}`);
}

describe.each(['f32', 'f64'] as const)('in %s', (dtype) => {
  test('random programs equal the evaluation entry by entry, bit for bit', () => {
    fc.assert(
      fc.property(
        anyProgram(),
        side,
        side,
        first,
        first,
        fc.nat(),
        (program, rows, cols, firstRow, firstCol, seed) => {
          const { panel } = situation(program, dtype, seed, { rows, cols, firstRow, firstCol });
          const results = new Interpreter(program, dtype, 81).run(panel);
          const { outputs } = expected(program, dtype, panel, []);
          results.forEach((result, k) => {
            expect(result.subarray(0, size(panel))).toEqual(outputs[k]);
          });
        },
      ),
      pinned,
    );
  });

  test('sinks add to what is there, over outputs and adjoints of random programs', () => {
    const programs = fc.oneof(anyProgram({ sinks: true }), anyProgram({ inputs: false }).map(adjoint));
    fc.assert(
      fc.property(programs, side, side, first, fc.nat(), (program, rows, cols, firstCol, seed) => {
        const place = { rows, cols, firstRow: 3, firstCol };
        const { panel, sinks } = situation(program, dtype, seed, place);
        const { sums } = expected(program, dtype, panel, sinks);
        new Interpreter(program, dtype, 81).run(panel);
        sums.forEach((sum, slot) => {
          const largest = sum.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
          requireClose(sinks[slot] as FloatArray, sum, largest * (dtype === 'f32' ? 1e-5 : 1e-12));
        });
      }),
      pinned,
    );
  });

  test('one interpreter runs panels of any size in any order', () => {
    fc.assert(
      fc.property(
        anyProgram({ sinks: true }),
        fc.array(fc.tuple(side, side), { maxLength: 5 }),
        (program, sizes) => {
          const kept = new Interpreter(program, dtype, 81);
          sizes.forEach(([rows, cols], k) => {
            const place = { rows, cols, firstRow: k, firstCol: 2 * k };
            const one = situation(program, dtype, k, place);
            const other = situation(program, dtype, k, place);
            const results = kept.run(one.panel);
            const fresh = new Interpreter(program, dtype, 81).run(other.panel);
            results.forEach((result, out) => {
              expect(result.subarray(0, rows * cols)).toEqual(fresh[out]?.subarray(0, rows * cols));
            });
            expect(one.sinks).toEqual(other.sinks);
          });
        },
      ),
      pinned,
    );
  });
});

test('panels of any shape and start are slices of the whole', () => {
  const [rows, cols] = [13, 11];
  fc.assert(
    fc.property(
      anyProgram({ inputs: false }),
      fc.nat({ max: 12 }),
      fc.nat({ max: 10 }),
      side,
      side,
      (program, r, c, h, w) => {
        const whole = situation(program, 'f32', 5, { rows, cols, firstRow: 0, firstCol: 0 }).panel;
        const all = new Interpreter(program, 'f32', rows * cols).run(whole);
        const part = { rows: Math.min(h, rows - r), cols: Math.min(w, cols - c), firstRow: r, firstCol: c };
        const found = new Interpreter(program, 'f32', 81).run({ ...whole, ...part });
        found.forEach((out, k) => {
          for (let i = 0; i < part.rows; i++)
            for (let j = 0; j < part.cols; j++)
              if (out[i * part.cols + j] !== all[k]?.[(r + i) * cols + c + j])
                throw new Error(`output ${k} differs at row ${r + i}, column ${c + j}`);
        });
      },
    ),
    pinned,
  );
});

test('row numbers may be given one by one, repeated and in any order', () => {
  fc.assert(
    fc.property(
      anyProgram({ inputs: false }),
      fc.array(fc.nat({ max: 12 }), { maxLength: 9 }),
      (program, ids) => {
        const place = { rows: ids.length, cols: 9, firstRow: Int32Array.from(ids), firstCol: 0 };
        const { panel } = situation(program, 'f64', 6, place);
        const results = new Interpreter(program, 'f64', 81).run(panel);
        const { outputs } = expected(program, 'f64', panel, []);
        results.forEach((result, k) => {
          expect(result.subarray(0, ids.length * 9)).toEqual(outputs[k]);
        });
      },
    ),
    pinned,
  );
});

const leafPanel = { rows: 1, cols: 4, firstRow: 0, firstCol: 0, uniforms: [], scalars: [] };

function readAndAdd(length: number): { read: Program; add: Program } {
  const graph = new Graph();
  const col = new Word(graph, graph.node('col'));
  const value = Real.from(graph, graph.node('at', [col.id], 0));
  const slots = { stored: 1, inputs: 0, uniforms: 0, scalars: 0 };
  const one = Real.constant(graph, 1);
  return {
    read: new Program(graph, [value.id], [], slots),
    add: new Program(graph, [], [{ slot: 0, index: col.plus(length).id, value: one.id }], slots),
  };
}

test('an index outside of the stored array is refused, in reading and adding', () => {
  const { read, add } = readAndAdd(0);
  const stored = [new Float32Array(3)];
  const panel = { ...leafPanel, inputs: [], stored, sinks: stored };
  expect(() => new Interpreter(read, 'f32', 4).run(panel)).toThrow(ArgumentError);
  expect(() => new Interpreter(add, 'f32', 4).run(panel)).toThrow(/index below 3/);
  const far = readAndAdd(-1).add;
  expect(() => new Interpreter(far, 'f32', 4).run(panel)).toThrow('4294967295');
  expect(() => new Interpreter(read, 'f32', 4).run({ ...panel, cols: 3 })).not.toThrow();
  const graph = new Graph();
  const constant = { slot: 0, index: graph.node('word', [], 3), value: graph.node('real', [], 1) };
  const sum = new Program(graph, [], [constant], { stored: 1, inputs: 0, uniforms: 0, scalars: 0 });
  expect(() => new Interpreter(sum, 'f32', 4).run(panel)).toThrow(ArgumentError);
});

test('missing operands and panels over the capacity are refused', () => {
  const program = tracePointwise(2, 1, ([a, b], [s]) => [(a as Real).plus(b as Real).times(s as Real)]);
  const interpreter = new Interpreter(program, 'f32', 4);
  const inputs = [new Float32Array(4), new Float32Array(4)];
  const panel = { ...leafPanel, stored: [], inputs, scalars: [2] };
  expect(() => interpreter.run(panel)).not.toThrow();
  expect(() => interpreter.run({ ...panel, inputs: inputs.slice(1) })).toThrow(ArgumentError);
  expect(() => interpreter.run({ ...panel, scalars: [] })).toThrow(ArgumentError);
  expect(() => interpreter.run({ ...panel, rows: 2 })).toThrow(/at most 4 entries/);
});

test('f32 rounds after each operation', () => {
  const program = tracePointwise(3, 0, ([a, b, c]) => [(a as Real).times(b as Real).plus(c as Real)]);
  const inputs = [[1 + 2 ** -12], [1 + 2 ** -12], [-1]].map((values) => Float32Array.from(values));
  const panel = { ...leafPanel, cols: 1, stored: [], inputs };
  const [out] = new Interpreter(program, 'f32', 1).run(panel);
  expect(out?.[0]).toBe(2 ** -11);
  const [exact] = new Interpreter(program, 'f64', 1).run(panel);
  expect(exact?.[0]).toBe(2 ** -11 + 2 ** -24);
});

test('the same expression may be several outputs', () => {
  const program = tracePointwise(1, 0, ([x]) => [x as Real, (x as Real).exp(), x as Real]);
  const panel = { ...leafPanel, cols: 2, stored: [], inputs: [Float64Array.of(0, 1)] };
  const results = new Interpreter(program, 'f64', 2).run(panel);
  expect(results.map((out) => [...out.subarray(0, 2)])).toEqual([
    [0, 1],
    [1, Math.E],
    [0, 1],
  ]);
});
