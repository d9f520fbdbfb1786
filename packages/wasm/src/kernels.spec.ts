import { type Real, tracePointwise } from '@funhash/formula';
import { ArgumentError, FunhashError } from '@funhash/hashing';
import {
  type Backend,
  fallbackCounts,
  type Kernels,
  setStrict,
  useBackend,
  type View,
  zeros,
} from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBackend } from './create-backend.ts';
import { contiguous, expectSame, layoutOf, runBoth, someValues, Twin } from './twins.spec-kit.ts';

const backend = createBackend();
const twin = (
  length: number,
  layout: Parameters<typeof contiguous>[0] | ReturnType<typeof contiguous>,
  seed = 1,
) =>
  new Twin(backend, someValues(length, seed), Array.isArray(layout) ? contiguous(layout) : (layout as never));
const dim = fc.integer({ min: 0, max: 17 });
const edge = fc.constantFrom(1, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 25, 131, 132, 133);

describe('matmul', () => {
  const product = (m: number, n: number, k: number, lead: readonly number[] = []) =>
    fc
      .record({
        a: layoutOf([...lead, m, k], lead.length > 0),
        b: layoutOf([...lead, k, n], lead.length > 0),
      })
      .map(({ a, b }) => ({
        a,
        b,
        out: contiguous([...lead, m, n]),
        n,
        size: m * n * lead.reduce((x, y) => x * y, 1),
      }));

  test('any strides, sizes and batch axes', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(dim, dim, dim, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }))
          .chain(([m, n, k, lead]) => product(m, n, k, lead)),
        fc.boolean(),
        ({ a, b, out, n, size }, biased) => {
          const result = twin(size, out, 3);
          const bias = twin(n, [n], 4);
          runBoth(
            backend,
            'matmul',
            twin(a.length, a, 1),
            twin(b.length, b, 2),
            result,
            biased ? { bias } : undefined,
          );
          expectSame(backend, result);
        },
      ),
      { seed: 1, numRuns: 150 },
    );
  });

  test('sizes around every block and tile edge', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(edge, edge, fc.constantFrom(1, 8, 271, 272, 273, 545))
          .chain(([m, n, k]) => product(m, n, k)),
        ({ a, b, out, size }) => {
          const result = twin(size, out, 3);
          runBoth(backend, 'matmul', twin(a.length, a, 1), twin(b.length, b, 2), result);
          expectSame(backend, result);
        },
      ),
      { seed: 2, numRuns: 100 },
    );
  });

  test('few rows or columns over a depth that lies side by side', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 17 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(383, 384, 385, 386, 387, 400),
        fc.boolean(),
        fc.boolean(),
        (few, many, k, columns, biased) => {
          const [m, n] = columns ? [many, few] : [few, many];
          const result = twin(m * n, [m, n], 3);
          const b = { shape: [k, n], strides: [1, k + 3], offset: 2 };
          const bias = twin(n, [n], 4);
          runBoth(
            backend,
            'matmul',
            twin(m * k, [m, k], 1),
            twin(n * (k + 3) + 2, b, 2),
            result,
            biased ? { bias } : undefined,
          );
          expectSame(backend, result);
        },
      ),
      { seed: 8, numRuns: 100 },
    );
  });

  test.each([
    [3, 2057, 20],
    [1801, 3, 20],
    [35_909, 9, 1],
  ])('more rows or columns than one panel holds: %i × %i, depth %i', (m, n, k) => {
    const result = twin(m * n, [m, n]);
    runBoth(backend, 'matmul', twin(m * k, [m, k], 5), twin(k * n, [k, n], 6), result);
    expectSame(backend, result);
  });
});

describe('copy and fill', () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 });

  test('between any two layouts', () => {
    fc.assert(
      fc.property(
        shapes.chain((shape) => fc.record({ from: layoutOf(shape, true), to: layoutOf(shape) })),
        ({ from, to }) => {
          const result = twin(to.length, to, 9);
          runBoth(backend, 'copy', twin(from.length, from), result);
          expectSame(backend, result, 0);
        },
      ),
      { seed: 3, numRuns: 150 },
    );
  });

  test('long rows and transposes', () => {
    for (const [rows, cols] of [
      [3, 700],
      [133, 30],
      [64, 64],
    ] as const) {
      const result = twin(rows * cols, [rows, cols], 9);
      runBoth(
        backend,
        'copy',
        twin(rows * cols, { shape: [rows, cols], strides: [1, rows], offset: 0 }),
        result,
      );
      expectSame(backend, result, 0);
      runBoth(
        backend,
        'copy',
        twin(rows * cols + 5, { shape: [rows, cols], strides: [cols, 1], offset: 5 }, 4),
        result,
      );
      expectSame(backend, result, 0);
    }
  });

  test('fill writes the view and nothing else', () => {
    fc.assert(
      fc.property(
        shapes.chain((shape) => layoutOf(shape)),
        (layout) => {
          const result = twin(layout.length, layout, 9);
          runBoth(backend, 'fill', result, 7);
          expectSame(backend, result, 0);
        },
      ),
      { seed: 4 },
    );
  });
});

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
// Values among which ties, infinities and NaN are not rare.
const spiky = (length: number, spikes: readonly number[]): Float32Array =>
  someValues(length).map((value, k) => (k % 7 === 3 ? (spikes[k % spikes.length] as number) : value));

describe('reductions', () => {
  const axes = fc.array(fc.record({ extent: fc.integer({ min: 0, max: 19 }), reduced: fc.boolean() }), {
    maxLength: 4,
  });

  test.each(['sum', 'max', 'min'] as const)('%s over any axes of any layout', (op) => {
    fc.assert(
      fc.property(
        axes.chain((list) =>
          fc.tuple(
            layoutOf(
              list.map(({ extent }) => extent),
              true,
            ),
            fc.constant(list.map((a) => (a.reduced ? 1 : a.extent))),
          ),
        ),
        ([layout, shape]) => {
          const out = twin(sizeOf(shape), shape, 9);
          runBoth(backend, 'reduce', op, twin(layout.length, layout), out);
          expectSame(backend, out, 1e-6);
        },
      ),
      { seed: 5, numRuns: 150 },
    );
  });

  test('NaN wins, long sums keep their digits', () => {
    for (const op of ['sum', 'max', 'min'])
      for (const [shape, reduced] of [
        [
          [3, 40],
          [3, 1],
        ],
        [
          [40, 3],
          [1, 3],
        ],
        [[100000], [1]],
      ] as const) {
        for (const spikes of [
          [Number.NaN, 1],
          [Infinity, 5],
          [0.25, -0.25],
        ]) {
          const x = new Twin(backend, spiky(sizeOf(shape), spikes), contiguous(shape));
          const out = twin(sizeOf(reduced), [...reduced], 9);
          runBoth(backend, 'reduce', op, x, out);
          expectSame(backend, out, 1e-6);
        }
      }
  });

  test('logSumExp and argMax of rows', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 40 }))
          .chain((shape) => layoutOf(shape)),
        fc.constantFrom([Infinity, 1], [-Infinity, 2], [Number.NaN, 3], [30, -30], [1e30, -1e30]),
        (layout, spikes) => {
          const x = new Twin(backend, spiky(layout.length, spikes), layout);
          const rows = layout.shape[0] as number;
          const out = twin(rows, [rows], 9);
          runBoth(backend, 'logSumExp', x, out);
          expectSame(backend, out, 1e-6);
          const best = new Twin(backend, new Int32Array(rows), contiguous([rows]), 'i32');
          runBoth(backend, 'argMax', x, best);
          expectSame(backend, best, 0);
        },
      ),
      { seed: 6, numRuns: 100 },
    );
  });

  test('logSumExp of rows of −∞ only', () => {
    const x = new Twin(backend, new Float32Array(14).fill(-Infinity), contiguous([2, 7]));
    const out = twin(2, [2], 9);
    runBoth(backend, 'logSumExp', x, out);
    expectSame(backend, out, 0);
  });
});

describe('selection by index', () => {
  const indices = fc.array(fc.nat(), { maxLength: 20 });
  const table = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 2 }))
    .chain(([rows, inner]) => layoutOf([rows, ...inner]));

  test('gather of any layout, scatterAdd adds repeated rows', () => {
    fc.assert(
      fc.property(table, indices, (layout, numbers) => {
        const [rows, ...inner] = layout.shape as [number, ...number[]];
        const ids = Int32Array.from(numbers, (n) => n % rows);
        const index = new Twin(backend, ids, contiguous([ids.length]), 'i32');
        const out = twin(ids.length * sizeOf(inner), [ids.length, ...inner], 9);
        runBoth(backend, 'gather', twin(layout.length, layout), index, out);
        expectSame(backend, out, 0);
        const sums = twin(sizeOf(layout.shape), [...layout.shape], 3);
        runBoth(backend, 'scatterAdd', out, index, sums);
        expectSame(backend, sums);
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  test('an index outside is refused', () => {
    const x = twin(6, [3, 2]);
    for (const wrong of [-1, 3]) {
      const index = new Twin(backend, Int32Array.of(0, wrong), contiguous([2]), 'i32');
      const [table, ids, out] = [x, index, twin(4, [2, 2])].map(({ views }) => views[1]) as [
        View,
        View,
        View,
      ];
      expect(() => backend.kernels.gather?.(table, ids, out)).toThrow(ArgumentError);
      expect(() => backend.kernels.scatterAdd?.(out, ids, table)).toThrow(ArgumentError);
    }
  });
});

describe('the backend', () => {
  test('is loaded by name', async () => {
    const loaded = await useBackend('wasm');
    expect(loaded.name).toBe('wasm');
    expect(zeros([2, 2]).backend).toBe(loaded);
    await useBackend('reference');
  });

  test('counts what runs on the reference, and refuses it in strict mode', () => {
    const before = fallbackCounts()['wasm.matmul'] ?? 0;
    const double = () => new Twin(backend, new Float64Array([3]), contiguous([1, 1]), 'f64').views[1];
    const multiply = () => backend.kernels.matmul?.(double(), double(), double());
    multiply();
    expect(fallbackCounts()['wasm.matmul']).toBe(before + 1);
    setStrict(true);
    try {
      expect(multiply).toThrow(FunhashError);
    } finally {
      setStrict(false);
    }
  });

  test('kernels leave no memory behind, also where they refuse', () => {
    const [a, b, out] = [twin(600, [20, 30], 1), twin(600, [30, 20], 2), twin(400, [20, 20], 3)].map(
      ({ views }) => views[1],
    ) as [View, View, View];
    const across: View = { buffer: b.buffer, dtype: 'f32', shape: [20, 30], strides: [1, 20], offset: 0 };
    const wrong = new Twin(backend, Int32Array.of(99), contiguous([1]), 'i32').views[1];
    const double = tracePointwise(2, 0, ([x, y]) => [(x as Real).plus(y as Real)]);
    const { kernels } = backend as Backend & { kernels: Kernels };
    const round = (): void => {
      kernels.matmul(a, b, out);
      kernels.map(double, [a, across], [], [a]);
      kernels.reduce('sum', across, twinOut);
      expect(() => kernels.gather(across, wrong, out)).toThrow(ArgumentError);
    };
    const twinOut = twin(20, [20, 1], 4).views[1];
    round();
    const { usedBytes } = backend.memoryUsage();
    for (let k = 0; k < 1000; k++) round();
    expect(backend.memoryUsage().usedBytes).toBe(usedBytes);
  });

  test('growing the memory keeps its contents', async () => {
    const fresh = createBackend();
    const first = fresh.allocate('f32', 1000);
    fresh.upload(first, someValues(1000));
    const reserved = fresh.memoryUsage().reservedBytes;
    const large = fresh.allocate('f32', reserved);
    expect(fresh.memoryUsage().reservedBytes).toBeGreaterThan(reserved);
    expect(await fresh.download(first)).toEqual(someValues(1000));
    fresh.free(large);
    expect(fresh.memoryUsage().peakBytes).toBeGreaterThan(fresh.memoryUsage().usedBytes);
  });

  test('a request beyond 4 GiB is a typed error and changes nothing', () => {
    const before = backend.memoryUsage();
    expect(() => backend.allocate('f64', 2 ** 31)).toThrow(FunhashError);
    expect(backend.memoryUsage()).toEqual(before);
  });
});
