import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seriesReader } from './series-reader.ts';
import { seriesWindows } from './series-windows.ts';

test('windows and what follows them, in units of the training part', () => {
  const data = seriesWindows({
    columns: { a: [1, 3, 1, 3, 9, 9, 9], b: [5, 5, 5, 5, 5, 5, 5] },
    target: 'a',
    window: 2,
    horizon: 1,
    trainCount: 2,
    testCount: 2,
  });
  // Training sees steps 0 to 3: mean 2, deviation 1; b never changes and is only shifted.
  expect(data.target).toEqual({ name: 'a', mean: 2, std: 1 });
  expect([...data.train.inputs]).toEqual([-1, 0, 1, 0, 1, 0, -1, 0]);
  expect([...(data.train.targets ?? [])]).toEqual([-1, 1]);
  expect([...data.test.inputs]).toEqual([1, 0, 7, 0, 7, 0, 7, 0]);
  expect([...(data.test.targets ?? [])]).toEqual([7, 7]);
  expect([data.inputShape, data.targetShape, data.features]).toEqual([[2, 2], [1], ['a', 'b']]);
});

test('what it says of itself reads windows as it does', () => {
  const columns = { a: [1, 3, 1, 3, 9, 9, 9], b: [2, 5, 7, 5, 4, 5, 5] };
  const data = seriesWindows({ columns, target: 'a', window: 2, testCount: 2 });
  const reader = seriesReader(JSON.parse(JSON.stringify(data.transformation)));
  expect(reader?.read([1, 2, 3, 5])).toEqual(data.train.inputs.subarray(0, 4));
  expect(reader?.answer(data.train.targets?.[0] as number)).toBeCloseTo(1, 5);
  expect(reader?.horizon).toBe(1);
  expect(seriesReader(undefined)).toBeUndefined();
  const whole = data.transformation as Record<string, unknown>;
  for (const damage of [
    { features: [] },
    { features: [{ name: 'a', mean: 0, std: 0 }] },
    { target: 5 },
    { horizon: 0 },
  ])
    expect(() => seriesReader({ ...whole, ...damage })).toThrow(ArgumentError);
});

test('each target is the value so many steps later, and no test target stands in a training window', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 20, max: 60 }),
      (window, horizon, testCount, steps) => {
        // Values tell their step, so that windows can be read back.
        const time = Float64Array.from({ length: steps }, (_, k) => k);
        const { train, test, target } = seriesWindows({
          columns: { time },
          target: 'time',
          window,
          horizon,
          testCount,
        });
        const stepOf = (value: number): number => Math.round(value * target.std + target.mean) + 0;
        const check = ({ count, inputs, targets }: typeof train): number[] =>
          Array.from({ length: count }, (_, k) => {
            const first = stepOf(inputs[k * window] as number);
            for (let t = 0; t < window; t++) expect(stepOf(inputs[k * window + t] as number)).toBe(first + t);
            expect(stepOf(targets?.[k] as number)).toBe(first + window - 1 + horizon);
            return first;
          });
        const [trained, tested] = [check(train), check(test)];
        expect(trained.length + tested.length).toBe(steps - window - horizon + 1);
        const lastSeen = Math.max(...trained) + window - 1 + horizon;
        expect(Math.min(...tested) + window - 1 + horizon).toBeGreaterThan(lastSeen);
      },
    ),
    { seed: 3 },
  );
});

test.each([
  [{ columns: {} }, 'columns of numbers'],
  [{ columns: { a: [1, 2], b: [1] } }, '2 numbers in b, as in a, got 1'],
  [{ columns: { a: [1, Number.NaN, 3] } }, 'got NaN in a, step 1'],
  [{ columns: { a: ['1'] } }, 'got "1" in a, step 0'],
  [{ columns: { aa: [1, 2, 3] } }, 'Did you mean aa?'],
  [{ columns: { a: [1, 2, 3] }, window: 3 }, 'within the 0 that 3 steps have (window 3, horizon 1)'],
  [{ columns: { a: [1, 2, 3, 4, 5] }, window: 2, testCount: 3 }, 'got 0 and 3'],
  [{ columns: { a: [1, 1, 1, 1, 2] }, window: 1, testCount: 1 }, 'a target that changes'],
  [{ columns: { a: [] } }, 'within the 0'],
  [{ columns: { a: [1, 2, 3] }, windw: 1 }, 'did you mean window?'],
])('%j is refused', (options, message) => {
  expect(() => seriesWindows({ target: 'a', ...options } as never)).toThrow(message);
});
