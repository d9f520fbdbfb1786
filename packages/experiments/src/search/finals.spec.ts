import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finalsOf, scheduleOf } from '../sweep/schedule.ts';
import { type SweepSpec, sweepSpec } from '../sweep/sweep-spec.ts';
import type { Trial, TrialOutcome } from '../sweep/trial.ts';
import { withTimeLeft } from './finals.ts';

const sweep = sweepSpec({
  base: { epochs: 9 },
  among: [{ batchSize: 1 }, { batchSize: 2 }, { batchSize: 3 }, { batchSize: 4 }],
  ...{ method: 'asha', trials: 4, factor: 3 },
  goal: { bytes: 1000 },
});
const outcome = (number: number, error: number | null, more: Partial<TrialOutcome> = {}): TrialOutcome => ({
  ...{ number, error, bytes: 500, rung: 0, hash: String(number).padStart(16, '0'), changes: {} },
  ...{ epochs: 3, seconds: 30 },
  ...more,
});
const all = [
  outcome(0, 0.2),
  outcome(1, 0.1, { bytes: 2000 }),
  outcome(2, 0.3),
  outcome(3, null),
  outcome(0, 0.15, { rung: 1, epochs: 9, seconds: 99 }),
];
const time = { seconds: 600, atATime: 2 };

test('the best that keep to the goal train once more, each once, for as long as there is time', () => {
  expect(withTimeLeft(sweep, all, time)?.finals).toEqual({ numbers: [0, 2], epochs: 46 });
  expect(withTimeLeft(sweep, all, { ...time, atATime: 1 })?.finals?.numbers).toEqual([0]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 8 }), (seconds, atATime) => {
      const finals = withTimeLeft(sweep, all, { seconds, atATime })?.finals;
      if (!finals) {
        expect(seconds).toBeLessThan((1.3 * 9 * 11 * 2) / 0.85 + 20);
        return;
      }
      // Of the slower one an epoch took 11 seconds.
      const rounds = Math.ceil(finals.numbers.length / atATime);
      expect(finals.epochs * 11 * rounds).toBeLessThanOrEqual(seconds);
      expect(finals.epochs).toBeGreaterThan(9);
      expect(finals.epochs).toBeLessThanOrEqual(6 * 9);
    }),
  );
});

test('where an error shall be reached, small ones that come near it train once more', () => {
  const near = [
    outcome(0, 0.1, { bytes: 900 }),
    outcome(1, 0.12, { bytes: 300 }),
    outcome(2, 0.2, { bytes: 100 }),
    outcome(3, 0.08, { bytes: 5000 }),
  ];
  const goal = { error: 0.1 };
  expect(withTimeLeft({ ...sweep, goal }, near, time)?.finals?.numbers).toEqual([1, 0]);
});

test('nothing trains once more without time, without trials, or twice', () => {
  expect(withTimeLeft(sweep, all, { ...time, seconds: 100 })).toBeUndefined();
  expect(withTimeLeft(sweep, [outcome(3, null)], time)).toBeUndefined();
  const again = withTimeLeft(sweep, all, time) as SweepSpec;
  expect(withTimeLeft(again, all, time)).toBeUndefined();
});

test('a sweep has its last trials when all others are given, and alone where the others are done', () => {
  const finals = { numbers: [2, 0], epochs: 40 };
  const longer = { ...sweep, finals };
  const trialsOf = (schedule: ReturnType<typeof scheduleOf>): Trial[] => {
    const trials: Trial[] = [];
    for (let trial = schedule.next(); trial; trial = schedule.next()) {
      trials.push(trial);
      schedule.report(outcome(trial.number, 0.1 + trial.number, { rung: trial.rung }));
    }
    return trials;
  };
  const usual = trialsOf(scheduleOf(sweep));
  const last = trialsOf(finalsOf(longer));
  expect(last.map(({ number, spec }) => [number, spec.epochs, spec.batchSize])).toEqual([
    [2, 40, 3],
    [0, 40, 1],
  ]);
  expect(trialsOf(scheduleOf(longer))).toEqual([...usual, ...last]);
});

test.each<[object, RegExp]>([
  [{ numbers: [4], epochs: 3 }, /4 trials, from 0 on/],
  [{ numbers: [], epochs: 3 }, /numbers/],
  [{ numbers: [0] }, /epochs/],
  [{ numbers: [0], epoch: 3 }, /did you mean epochs/],
])('%j are no finals', (finals, message) => {
  expect(() => scheduleOf(sweepSpec({ ...sweep, finals }))).toThrow(message);
});
