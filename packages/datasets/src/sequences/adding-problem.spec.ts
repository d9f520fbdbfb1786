import { expect, test } from 'vitest';
import { addingProblem } from './adding-problem.ts';

const options = { length: 11, trainCount: 4000, testCount: 50, seed: 3 };

test('each sequence has a marker in each half, and the sum of the marked values as its target', async () => {
  const { train, inputShape, targetShape } = await addingProblem(options);
  expect([inputShape, targetShape]).toEqual([[11, 2], [1]]);
  const places = new Set<number>();
  for (let i = 0; i < train.count; i++) {
    const sequence = Array.from(train.inputs.subarray(22 * i, 22 * (i + 1)));
    const values = sequence.filter((_, k) => k % 2 === 0);
    const marked = [...values.keys()].filter((t) => sequence[2 * t + 1] === 1);
    expect(sequence.filter((_, k) => k % 2 === 1).reduce((a, b) => a + b, 0)).toBe(2);
    const [first, second] = marked as [number, number];
    expect(first).toBeLessThan(5);
    expect(second).toBeGreaterThanOrEqual(5);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const sum = (values[first] as number) + (values[second] as number);
    expect(train.targets?.[i]).toBeCloseTo(sum, 6);
    for (const t of marked) places.add(t);
  }
  expect(places.size).toBe(11);
});

test('the constant answer 1 errs by 1/6, as the variance of two uniform values', async () => {
  const { train } = await addingProblem({ ...options, length: 4 });
  const squares = (train.targets as Float32Array).reduce((sum, y) => sum + (y - 1) ** 2, 0);
  // The standard deviation of the mean over 4000 sequences is about 0.003.
  expect(Math.abs(squares / train.count - 1 / 6)).toBeLessThan(0.01);
});

test('the first sequences do not depend on how many are drawn; a seed decides them', async () => {
  const [many, few] = [await addingProblem(options), await addingProblem({ ...options, trainCount: 5 })];
  expect(many.train.inputs.subarray(0, 110)).toEqual(few.train.inputs);
  expect(many.train.targets?.subarray(0, 5)).toEqual(few.train.targets);
  expect((await addingProblem({ ...options, seed: 4 })).test.inputs).not.toEqual(many.test.inputs);
  expect(many.test.inputs.subarray(0, 22)).not.toEqual(many.train.inputs.subarray(0, 22));
});

test('a misspelt option, and sequences too short for two markers, are refused', async () => {
  await expect(addingProblem({ lenght: 9 } as object)).rejects.toThrow('did you mean length?');
  await expect(addingProblem({ length: 1 })).rejects.toThrow('length: a whole number from 2');
});
