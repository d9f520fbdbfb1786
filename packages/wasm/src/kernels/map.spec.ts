import { tracePointwise } from '@funhash/formula';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBackend } from '../create-backend.ts';
import { choices, pointwiseProgram } from '../random-programs.spec-kit.ts';
import { contiguous, expectSame, layoutOf, runBoth, someValues, Twin } from '../twins.spec-kit.ts';

const backend = createBackend();
const shapes = fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 4 });
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

describe('map', () => {
  test('random programs over operands of any layout', () => {
    fc.assert(
      fc.property(
        shapes.chain((shape) =>
          fc.tuple(fc.constant(shape), fc.array(layoutOf(shape, true), { minLength: 1, maxLength: 3 })),
        ),
        choices(8),
        fc.integer({ min: 1, max: 2 }),
        ([shape, layouts], list, outputs) => {
          const program = pointwiseProgram(list, layouts.length, 2, outputs);
          const inputs = layouts.map(
            (layout, k) => new Twin(backend, someValues(layout.length, k + 1), layout),
          );
          const outs = program.outputs.map(
            () => new Twin(backend, someValues(sizeOf(shape), 9), contiguous(shape)),
          );
          runBoth(backend, 'map', program, inputs, [0.5, -1.25], outs);
          for (const out of outs) expectSame(backend, out, 2e-5);
        },
      ),
      { seed: 1, numRuns: 150 },
    );
  });

  test('in place, several outputs', () => {
    const momentum = tracePointwise(3, 2, ([w, m, g], [rate, decay]) => {
      const next = m!.times(decay!).plus(g!);
      return [w!.minus(next.times(rate!)), next];
    });
    for (const length of [0, 1, 7, 8, 9, 1001]) {
      const [w, m, g] = [1, 2, 3].map(
        (seed) => new Twin(backend, someValues(length, seed), contiguous([length])),
      ) as [Twin, Twin, Twin];
      runBoth(backend, 'map', momentum, [w, m, g], [0.1, 0.9], [w, m]);
      expectSame(backend, w);
      expectSame(backend, m);
    }
  });

  const functions = {
    exp: [
      -110,
      -103.5,
      -87.4,
      -1,
      -1e-6,
      0,
      1e-6,
      0.5,
      1,
      10,
      88.7,
      88.8,
      100,
      Infinity,
      -Infinity,
      Number.NaN,
    ],
    log: [0, -0, -1, 1e-45, 1e-38, 0.1, 0.999999, 1, 1.000001, 2, 3e38, Infinity, -Infinity, Number.NaN],
    sin: [0, -0, 1e-30, 0.5, Math.PI, 3 * Math.PI, 100, -12345.678, 1e6, Infinity, Number.NaN],
    cos: [0, -0, 1e-30, 0.5, Math.PI / 2, 3 * Math.PI, 100, -12345.678, 1e6, Infinity, Number.NaN],
    tanh: [0, -0, 1e-6, 0.5, -1, 3, 7, 9, -Infinity, Infinity, Number.NaN],
    sqrt: [0, -0, 2, -1, Infinity, Number.NaN],
    sign: [0, -0, 2, -1e-40, Infinity, Number.NaN],
    floor: [0.5, -0.5, 2, -2.5, Infinity, Number.NaN],
    relu: [0, -0, 2, -1, Infinity, -Infinity, Number.NaN],
    abs: [0, -0, 2, -1, -Infinity, Number.NaN],
  } as const;

  test.each(Object.entries(functions))('%s: special values and a sweep', (name, special) => {
    const program = tracePointwise(1, 0, ([x]) => [(x as never as Record<string, () => never>)[name]!()]);
    const sweep = Array.from({ length: 4001 }, (_, k) => (k - 2000) / 37);
    const values = Float32Array.from([
      ...special,
      ...sweep,
      ...sweep.map((x) => Math.sign(x) * Math.exp(Math.abs(x) / 2)),
    ]);
    const x = new Twin(backend, values, contiguous([values.length]));
    const y = new Twin(backend, values, contiguous([values.length]));
    runBoth(backend, 'map', program, [x], [], [y]);
    const [expected, actual] = y.views.map(({ buffer }, side) =>
      side === 0
        ? (buffer as never as { data: Float32Array }).data
        : (backend.host?.(buffer) as Float32Array),
    ) as [Float32Array, Float32Array];
    for (let k = 0; k < values.length; k++) {
      const [e, a, at] = [expected[k] as number, actual[k] as number, values[k] as number];
      if (Object.is(e, a) || (e === 0 && a === 0)) continue;
      if (Math.abs(at) > 1e6 && (name === 'sin' || name === 'cos')) continue;
      const tolerance =
        name === 'exp' ? Math.max(3e-7 * Math.abs(e), 2e-45) : 3e-7 * Math.max(1, Math.abs(e));
      if (!(Math.abs(e - a) <= tolerance)) expect.fail(`${name}(${at}) = ${e}, got ${a}`);
    }
  });

  test.each([990, 4800])('the largest of %i operands that lie apart', (count) => {
    const program = tracePointwise(count, 0, (values) => [values.reduce((a, b) => a.maximum(b))]);
    const inputs = Array.from({ length: count }, (_, k) => {
      const layout = { shape: [3], strides: [2], offset: 0, length: 6 };
      return new Twin(backend, someValues(6, k + 1), layout);
    });
    const out = new Twin(backend, someValues(3, 9), contiguous([3]));
    runBoth(backend, 'map', program, inputs, [], [out]);
    expectSame(backend, out, 0);
  });
});
