import { expect, test } from 'vitest';
import fixtures from './schedules.fixtures.json' with { type: 'json' };
import {
  constant,
  cosine,
  exponential,
  inverseTime,
  linearWarmup,
  type Schedule,
  stepDecay,
  warmupCosine,
} from './schedules.ts';

const { rate, steps } = fixtures;

test.each<[keyof typeof fixtures, Schedule]>([
  ['linearWarmup', linearWarmup({ rate, warmupSteps: 10 })],
  ['cosine', cosine({ rate })],
  ['stepDecay', stepDecay({ rate, factor: 0.3, every: 5 })],
  ['exponential', exponential({ rate, factor: 0.8 })],
  ['inverseTime', inverseTime({ rate, decay: 0.05 })],
  ['warmupCosine', warmupCosine({ rate, warmupSteps: 4 })],
])('%s is the scheduler of PyTorch', (name, schedule) => {
  (fixtures[name] as number[]).forEach((expected, step) => {
    expect(schedule(step, steps), `step ${step}`).toBeCloseTo(expected, 12);
  });
});

test('the rate is 1 by default, as a factor', () => {
  expect(constant()(7)).toBe(1);
  expect(cosine({ steps: 10 })(0)).toBe(1);
});

test('a cosine is 0 at its end and after', () => {
  expect(cosine({ steps: 10 })(10)).toBe(0);
  expect(cosine({ steps: 10 })(500)).toBe(0);
});

test('warm-up takes 60 steps, but at most a twentieth of the run', () => {
  expect(warmupCosine()(59, 10_000)).toBe(1);
  expect(warmupCosine()(58, 10_000)).toBeCloseTo(59 / 60, 12);
  expect(warmupCosine()(4, 100)).toBe(1);
  expect(warmupCosine()(3, 100)).toBeCloseTo(0.8, 12);
  expect(warmupCosine()(0, 1)).toBe(1);
});

test('a schedule that ends has to know when', () => {
  expect(() => warmupCosine()(0)).toThrow(/number of steps of the run, got undefined.*stepsPerEpoch/);
  expect(() => cosine()(0, 0)).toThrow(/number of steps/);
});
