import { adjoint, Graph, Program, Real, transposed, Word } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { fallbackCounts, type View } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBackend } from '../create-backend.ts';
import {
  choice,
  choices,
  entryProgram,
  indexProgram,
  scalars,
  storedLengths,
  uniforms,
} from '../random-programs.spec-kit.ts';
import { contiguous, expectSame, layoutOf, runBoth, someValues, Twin } from '../twins.spec-kit.ts';

const backend = createBackend();
const extent = fc.oneof(fc.integer({ min: 0, max: 17 }), fc.constantFrom(24, 40, 63, 64, 65, 120, 121, 130));
const storedTwins = (values: (length: number, slot: number) => Float32Array): Twin[] =>
  storedLengths.map((length, slot) => new Twin(backend, values(length, slot), contiguous([length])));
const matrix = (program: Program, rows: number, cols: number, stored: readonly Twin[]) => ({
  program,
  rows,
  cols,
  uniforms,
  scalars,
  stored,
});
const zerosLike = (): Twin[] => storedTwins((length) => new Float32Array(length));
const formula = fc
  .tuple(choices(6), fc.array(choice, { minLength: 1, maxLength: 4 }), choices(6))
  .map((lists) => entryProgram(...lists));
const fresh = (rows: number, cols: number): Twin =>
  new Twin(backend, someValues(rows * cols, 5), contiguous([rows, cols]));

describe('compiled formulas', () => {
  test('indices and signs are those of the reference, bit for bit', () => {
    fc.assert(
      fc.property(choices(12), choice, extent, extent, (list, last, rows, cols) => {
        const program = indexProgram(list, last);
        const stored = storedTwins((length) => Float32Array.from({ length }, (_, k) => k));
        const out = fresh(rows, cols);
        runBoth(backend, 'virtualRows', matrix(program, rows, cols, stored), null, out);
        expectSame(backend, out, 0);
        const identity = new Float32Array(cols * cols).map((_, k) => (k % (cols + 1) === 0 ? 1 : 0));
        const product = fresh(cols, rows);
        const x = new Twin(backend, identity, contiguous([cols, cols]));
        runBoth(backend, 'virtualMatmul', x, matrix(program, rows, cols, stored), product);
        expectSame(backend, product, 0);
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  test('of thousands of nodes run too: in steps of one, and beyond what engines compile on the reference', () => {
    for (const [reads, onReference] of [
      [10, 0],
      [300, 0],
      [4000, 1],
    ] as const) {
      const graph = new Graph();
      const entry = Array.from({ length: reads }, (_, k) =>
        Real.from(
          graph,
          graph.node('at', [graph.node('add', [graph.node('col'), graph.node('word', [], k)])], 0),
        ),
      ).reduce((sum, read) => sum.plus(read).tanh());
      const program = new Program(graph, [entry.id], [], { stored: 1, uniforms: 0, scalars: 0, inputs: 0 });
      const stored = [new Twin(backend, someValues(reads + 20, 1), contiguous([reads + 20]))];
      const before = fallbackCounts()['wasm.virtualRows'] ?? 0;
      const out = fresh(3, 17);
      runBoth(backend, 'virtualRows', matrix(program, 3, 17, stored), null, out);
      expectSame(backend, out, 1e-5);
      expect((fallbackCounts()['wasm.virtualRows'] ?? 0) - before).toBe(onReference);
    }
  });

  test('products with a virtual matrix and its transpose', () => {
    fc.assert(
      fc.property(
        formula,
        fc.tuple(fc.integer({ min: 0, max: 13 }), extent, extent).chain(([batch, rows, cols]) =>
          fc.record({
            x: layoutOf([batch, cols]),
            rows: fc.constant(rows),
            cols: fc.constant(cols),
            batch: fc.constant(batch),
          }),
        ),
        fc.boolean(),
        (program, { x, rows, cols, batch }, biased) => {
          const stored = storedTwins(someValues);
          const out = fresh(batch, rows);
          const bias = new Twin(backend, someValues(rows, 8), contiguous([rows]));
          const input = new Twin(backend, someValues(x.length, 4), x);
          runBoth(
            backend,
            'virtualMatmul',
            input,
            matrix(program, rows, cols, stored),
            out,
            biased ? { bias } : undefined,
          );
          expectSame(backend, out, 2e-5);
          const back = fresh(batch, cols);
          runBoth(
            backend,
            'virtualMatmul',
            fresh(batch, rows),
            matrix(transposed(program), cols, rows, stored),
            back,
          );
          expectSame(backend, back, 2e-5);
        },
      ),
      { seed: 2, numRuns: 150 },
    );
  });

  test('gradients of the stored values by products', () => {
    fc.assert(
      fc.property(
        formula,
        fc.tuple(fc.integer({ min: 0, max: 13 }), extent, extent).chain(([batch, rows, cols]) =>
          fc.record({
            x: layoutOf([batch, cols]),
            dY: layoutOf([batch, rows]),
            rows: fc.constant(rows),
            cols: fc.constant(cols),
          }),
        ),
        (program, { x, dY, rows, cols }) => {
          const stored = storedTwins(someValues);
          const outs = zerosLike();
          const operands = [
            new Twin(backend, someValues(dY.length, 6), dY),
            new Twin(backend, someValues(x.length, 7), x),
          ];
          runBoth(
            backend,
            'virtualFold',
            ...operands,
            matrix(program, rows, cols, stored),
            adjoint(program),
            outs,
          );
          for (const out of outs) expectSame(backend, out, 2e-5);
        },
      ),
      { seed: 3, numRuns: 150 },
    );
  });

  test('a deep batch is packed in several blocks', () => {
    const program = entryProgram(
      [],
      [{ op: 0, a: 5, b: 0, c: 1, n: 0 }],
      [{ op: 18, a: 0, b: 0, c: 0, n: 1 }],
    );
    const stored = storedTwins(someValues);
    const [batch, rows, cols] = [1100, 250, 70];
    const outs = zerosLike();
    runBoth(
      backend,
      'virtualFold',
      fresh(batch, rows),
      fresh(batch, cols),
      matrix(program, rows, cols, stored),
      adjoint(program),
      outs,
    );
    for (const out of outs) expectSame(backend, out, 2e-5);
  });

  test('rows by number, and their gradients', () => {
    fc.assert(
      fc.property(
        formula,
        fc.tuple(fc.integer({ min: 1, max: 1000 }), extent, fc.array(fc.nat(), { maxLength: 20 })),
        (program, [rows, cols, numbers]) => {
          const stored = storedTwins(someValues);
          const ids = new Twin(
            backend,
            Int32Array.from(numbers, (n) => n % rows),
            contiguous([numbers.length]),
            'i32',
          );
          const out = fresh(numbers.length, cols);
          const v = matrix(program, rows, cols, stored);
          runBoth(backend, 'virtualRows', v, ids, out);
          expectSame(backend, out, 2e-5);
          const outs = zerosLike();
          runBoth(backend, 'foldRows', fresh(numbers.length, cols), ids, v, adjoint(program), outs);
          for (const sum of outs) expectSame(backend, sum, 2e-5);
        },
      ),
      { seed: 4, numRuns: 100 },
    );
  });

  test('rows by number of a matrix that is stored column by column', () => {
    const graph = new Graph();
    const [row, col] = [new Word(graph, graph.node('row')), new Word(graph, graph.node('col'))];
    const entry = Real.from(graph, graph.node('at', [row.plus(col.times(64)).id], 0));
    const slots = { stored: 1, inputs: 0, uniforms: 0, scalars: 0 };
    const program = new Program(graph, [entry.id], [], slots);
    const stored = [new Twin(backend, someValues(64 * 8), contiguous([64 * 8]))];
    const v = { ...matrix(program, 64, 8, stored), uniforms: [], scalars: [] };
    const numbers = Int32Array.from({ length: 16 }, (_, k) => (k * 37 + 5) % 64);
    const ids = new Twin(backend, numbers, contiguous([16]), 'i32');
    const out = fresh(16, 8);
    runBoth(backend, 'virtualRows', v, ids, out);
    expectSame(backend, out, 0);
    const sums = [new Twin(backend, new Float32Array(64 * 8), contiguous([64 * 8]))];
    runBoth(backend, 'foldRows', fresh(16, 8), ids, v, adjoint(program), sums);
    expectSame(backend, sums[0] as Twin);
  });

  test('lanes behind the last row or column read nothing', () => {
    // An index that would be far outside of the memory for any row or column but the first.
    for (const place of ['row', 'col'] as const) {
      const graph = new Graph();
      const index = new Word(graph, graph.node(place)).times(2 ** 28);
      const entry = Real.from(graph, graph.node('at', [index.id], 0));
      const slots = { stored: 1, inputs: 0, uniforms: 0, scalars: 0 };
      const program = new Program(graph, [entry.id], [], slots);
      const stored = [new Twin(backend, Float32Array.of(3), contiguous([1]))];
      const [rows, cols] = place === 'row' ? [1, 5] : [5, 1];
      const v = { ...matrix(program, rows, cols, stored), uniforms: [], scalars: [] };
      const out = fresh(2, rows);
      runBoth(backend, 'virtualMatmul', fresh(2, cols), v, out);
      expectSame(backend, out);
      const sums = [new Twin(backend, new Float32Array(1), contiguous([1]))];
      runBoth(backend, 'virtualFold', fresh(2, rows), fresh(2, cols), v, adjoint(program), sums);
      runBoth(backend, 'foldRows', fresh(rows, cols), null, v, adjoint(program), sums);
      expectSame(backend, sums[0] as Twin);
    }
  });

  test('a layer of 8192 × 8192 at 1/64 takes no memory of that order', async () => {
    const side = 8192;
    const fresh = createBackend();
    const { kernels } = fresh;
    const view = (shape: readonly number[]): View => {
      const buffer = fresh.allocate(
        'f32',
        shape.reduce((a, b) => a * b, 1),
      );
      fresh.upload(buffer, someValues(buffer.length));
      return { buffer, dtype: 'f32', ...contiguous(shape) };
    };
    const graph = new Graph();
    const [row, col] = [new Word(graph, graph.node('row')), new Word(graph, graph.node('col'))];
    const stored = side ** 2 / 64;
    const index = row
      .group(8)
      .times(2654435761)
      .plus(col.group(8).times(40503))
      .below(stored / 64);
    const place = index.times(64).plus(row.lane(8).times(8)).plus(col.lane(8));
    const entry = Real.from(graph, graph.node('at', [place.id], 0));
    const program = new Program(graph, [entry.id], [], { stored: 1, inputs: 0, uniforms: 0, scalars: 0 });
    const v = { program, rows: side, cols: side, uniforms: [], scalars: [], stored: [view([stored])] };
    const gradient = view([stored]);
    const [x, y, dX] = [view([4, side]), view([4, side]), view([4, side])];
    kernels.virtualMatmul?.(x, v, y);
    kernels.virtualMatmul?.(y, { ...v, program: transposed(program) }, dX);
    kernels.virtualFold?.(y, x, v, adjoint(program), [gradient]);
    const activations = 3 * 4 * side * 4;
    expect(fresh.memoryUsage().peakBytes).toBeLessThan(3 * stored * 4 + activations + 4 * 2 ** 20);
  });

  test('a formula whose indices are not known to be in bounds runs, checked, on the reference', () => {
    const graph = new Graph();
    const [row, col] = [new Word(graph, graph.node('row')), new Word(graph, graph.node('col'))];
    const entry = Real.from(graph, graph.node('at', [row.plus(col).id], 0));
    const slots = { stored: 1, inputs: 0, uniforms: 0, scalars: 0 };
    const program = new Program(graph, [entry.id], [], slots);
    const multiply = (length: number): void => {
      const stored = [new Twin(backend, someValues(length), contiguous([length]))];
      const v = { ...matrix(program, 3, 4, stored), uniforms: [], scalars: [] };
      const out = fresh(2, 3);
      runBoth(backend, 'virtualMatmul', fresh(2, 4), v, out);
      expectSame(backend, out);
    };
    multiply(6);
    expect(fallbackCounts()['wasm.virtualMatmul']).toBeUndefined();
    const stored = [new Twin(backend, someValues(5), contiguous([5])).views[1]];
    const v = { program, rows: 3, cols: 4, uniforms: [], scalars: [], stored };
    const [x, y] = [fresh(2, 4).views[1], fresh(2, 3).views[1]];
    expect(() => backend.kernels.virtualMatmul?.(x, v, y)).toThrow(ArgumentError);
    expect(fallbackCounts()['wasm.virtualMatmul']).toBe(1);
  });

  test('no other formula of this suite fell back to the reference', () => {
    const counts = Object.keys(fallbackCounts());
    expect(counts.filter((name) => name.startsWith('wasm.virtual') || name === 'wasm.foldRows')).toEqual([
      'wasm.virtualRows',
      'wasm.virtualMatmul',
    ]);
  });
});
