import { expect, test } from 'vitest';
import fixtures from './tails.fixtures.json' with { type: 'json' };
import { chiSquareTail, normalTwoTail, poissonLowerTail, poissonUpperTail } from './tails.ts';

// An upper tail is 1 − P(a, x) left of the mean, so the error is absolute there and relative in the far tail.
function expectClose(actual: number, expected: number, what: string): void {
  expect(Math.abs(actual - expected), what).toBeLessThanOrEqual(1e-14 + 1e-9 * expected);
}

test('χ² tails', () => {
  for (const [x, degrees, tail] of fixtures.chiSquare as [number, number, number][]) {
    expectClose(chiSquareTail(x, degrees), tail, `χ² = ${x}, ${degrees} degrees of freedom`);
  }
});

test('normal tails', () => {
  for (const [z, tail] of fixtures.normal as [number, number][])
    expectClose(normalTwoTail(z), tail, `z = ${z}`);
});

test('Poisson tails', () => {
  for (const [count, mean, upper, lower] of fixtures.poisson as [number, number, number, number][]) {
    expectClose(poissonUpperTail(count, mean), upper, `at least ${count} with mean ${mean}`);
    expectClose(poissonLowerTail(count, mean), lower, `at most ${count} with mean ${mean}`);
  }
});
