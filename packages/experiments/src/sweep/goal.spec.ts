import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestOf, checkGoal, frontOf, rankedBy } from './goal.ts';
import { scheduleOf } from './schedule.ts';
import { sweepSpec } from './sweep-spec.ts';
import type { TrialOutcome } from './trial.ts';

const outcome = (number: number, error: number | null, bytes: number | null): TrialOutcome => ({
  ...{ number, error, bytes },
  ...{ rung: 0, hash: String(number).padStart(16, '0'), changes: {}, epochs: 1, seconds: 0 },
});

const outcomes = fc
  .array(fc.tuple(fc.option(fc.double({ min: 0, max: 1, noNaN: true })), fc.integer({ min: 1, max: 9999 })), {
    maxLength: 40,
  })
  .map((pairs) => pairs.map(([error, bytes], k) => outcome(k, error, bytes)));

describe('the best run', () => {
  test('of a size: the least error among those that keep to it', () => {
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 1, max: 9999 }), (all, bytes) => {
        const fitting = all.filter((one) => one.error !== null && (one.bytes as number) <= bytes);
        const best = bestOf(all, { bytes });
        expect(best === undefined).toBe(fitting.length === 0);
        for (const { error } of fitting) expect(error).toBeGreaterThanOrEqual(best?.error as number);
        expect(best?.bytes ?? 0).toBeLessThanOrEqual(bytes);
      }),
    );
  });

  test('of an error: the fewest bytes among those that reach it, else the nearest', () => {
    fc.assert(
      fc.property(outcomes, fc.double({ min: 0, max: 1, noNaN: true }), (all, error) => {
        const done = all.filter((one) => one.error !== null);
        const reached = done.filter((one) => (one.error as number) <= error);
        const best = bestOf(all, { error });
        if (reached.length > 0)
          expect(best?.bytes).toBe(Math.min(...reached.map(({ bytes }) => bytes as number)));
        else if (done.length > 0)
          expect(best?.error).toBe(Math.min(...done.map((one) => one.error as number)));
        else expect(best).toBeUndefined();
      }),
    );
  });
});

test('trials go on by rank: each once, failed ones never, those that no other beats first', () => {
  fc.assert(
    fc.property(outcomes, (all) => {
      const done = all.filter((one) => one.error !== null) as (TrialOutcome & {
        error: number;
        bytes: number;
      })[];
      const ranked = rankedBy(all, { error: 0.1 });
      expect(ranked.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
        done.map(({ number }) => number),
      );
      const front = frontOf(done).map(({ number }) => number);
      const first = ranked.slice(0, front.length).map(({ number }) => number);
      expect(first.sort((a, b) => a - b)).toEqual(front.sort((a, b) => a - b));
      expect(rankedBy(all, { bytes: 100 }).every(({ bytes }) => (bytes as number) <= 100)).toBe(true);
    }),
  );
});

test('fields that go together stay together', () => {
  const among = [{ 'net.widths': [2], seed: 5 }, { 'net.widths': [3] }];
  const trials = (sweep: object) => {
    const schedule = scheduleOf(sweepSpec(sweep));
    const all = [];
    for (let trial = schedule.next(); trial; trial = schedule.next()) all.push(trial.changes);
    return all;
  };
  expect(trials({ among })).toEqual(among);
  expect(trials({ among, vary: { batchSize: [4, 8] } })).toEqual([
    { ...among[0], batchSize: 4 },
    { ...among[0], batchSize: 8 },
    { ...among[1], batchSize: 4 },
    { ...among[1], batchSize: 8 },
  ]);
  expect(trials({ among, method: 'random', trials: 3 })).toEqual([among[0], among[1], among[0]]);
});

test.each<[object, RegExp]>([
  [{ among: {} }, /a list of fields/],
  [{ among: [] }, /1 to/],
  [{ among: [7] }, /a list of objects/],
  [{ among: [{ 'a.__proto__': 1 }] }, /by its path/],
  [{ among: [{ epochs: 2 }], method: 'asha' }, /epochs in base alone/],
  [{ among: [{ seed: 1 }], goal: {} }, /either bytes or error/],
  [{ among: [{ seed: 1 }], goal: { bytes: 5, error: 0.1 } }, /either bytes or error/],
  [{ among: [{ seed: 1 }], goal: { byte: 5 } }, /did you mean bytes/],
  [{ among: [{ seed: 1 }], goal: { error: 2 } }, /error/],
])('%j is no sweep', (given, message) => {
  expect(() => sweepSpec(given)).toThrow(message);
  expect(() => checkGoal({ bytes: 10 })).not.toThrow();
});
