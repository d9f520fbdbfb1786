import { random } from '@funhash/hashing';
import { LSTM } from '@funhash/layers';
import { expect, test } from 'vitest';
import { shownStates } from '../observation/shown-states.spec-kit.ts';
import { coverageProbe } from '../probe/probe.ts';
import { coverageLaws } from './coverage-laws.ts';
import { type CoverageGoals, coverageMatchers, requireCoverage } from './reach-coverage.ts';

declare module 'vitest' {
  interface Matchers<T> {
    toReachCoverage(goals: CoverageGoals): T;
  }
}
expect.extend(coverageMatchers);

const inputs = random(3).fillUniform(new Float32Array(30 * 8 * 3), -1, 1);
const inputShape = [8, 3];
const probe = coverageProbe(shownStates, { training: { inputs, inputShape } });
const tests = Array.from({ length: 10 }, (_, k) => ({ values: inputs.slice(k * 24, (k + 1) * 24) }));

for (const law of coverageLaws(probe, tests)) test(law.name, law.check);

const lstm = new LSTM({ in: 3, hiddenSize: 4, output: 'last', seed: 1 });
for (const law of coverageLaws(
  coverageProbe(lstm, { training: { inputs, inputShape }, window: [2, 7], from: 'end' }),
  tests.map(({ values }, k) => ({ values, length: k === 0 ? 3 : 8 })),
))
  test(`LSTM: ${law.name}`, law.check);

test('a suite is held to its goals', () => {
  const coverage = probe.cover({ inputs: inputs.slice(0, 24), inputShape });
  requireCoverage(coverage, { tc: 0.004, bc: 0 });
  expect(() => requireCoverage(coverage, { tc: 0.5 })).toThrow('expected tc ≥ 0.5, got tc 0.0041');
  expect(() => requireCoverage(coverage, { xy: 0.5 })).toThrow('expected one of nc, kmnc');
  expect(() => requireCoverage(coverage, { tc: 50 })).toThrow('a share from 0 to 1');
  const { pass, message } = coverageMatchers.toReachCoverage(coverage, { tc: 0.5 });
  expect(pass).toBe(false);
  expect(message()).toContain('to be reached: tc ≥ 0.5');
  expect(coverage).toReachCoverage({ tc: 0.004 });
  expect(coverage).not.toReachCoverage({ tc: 0.5 });
  expect(() => expect(coverage).toReachCoverage({ tc: 0.5 })).toThrow('to be reached: tc ≥ 0.5');
});
