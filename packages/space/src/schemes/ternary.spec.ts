import { tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { ternary } from './ternary.ts';

// PyTorch's entries and gradients are in lsq.spec.ts.
describe('ternary obeys', () => {
  for (const law of schemeLaws(ternary)) test(law.name, law.check);
});

test('entries are 0 within half a scale, else the scale with the sign of the latent value', () => {
  const weight = createWeight(ternary(), { rows: 3, cols: 4 });
  const number = fc.float({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 12, maxLength: 12 }),
      fc.constantFrom(2 ** -20, 0.25, 1, 4),
      (latent, scale) => {
        weight.parameters[0]?.assign(tensor(latent, [3, 4]));
        weight.parameters[1]?.assign(tensor([scale]));
        weight
          .decode()
          .dataSync()
          .forEach((entry, k) => {
            const x = latent[k] as number;
            const expected = Math.abs(x) > scale / 2 ? Math.sign(x) * scale : 0;
            // Halves go upwards.
            if (Math.abs(x) !== scale / 2) expect(entry + 0).toBe(expected);
          });
      },
    ),
    { seed: 5, numRuns: 200 },
  );
});

test('it starts with the thresholds of ternary weight networks, 0.7·E|w|, near their scale', () => {
  const weight = createWeight(ternary(), { rows: 100, cols: 120, std: 0.2 });
  const latent = [...(weight.parameters[0]?.value.dataSync() ?? [])].map(Math.abs);
  const mean = (values: readonly number[]): number =>
    values.reduce((total, x) => total + x, 0) / values.length;
  const threshold = 0.7 * mean(latent);
  const scale = weight.parameters[1]?.value.dataSync()[0] as number;
  expect(scale / (2 * threshold)).toBeCloseTo(1, 1);
  // Their scale is the mean of what lies beyond the threshold.
  expect(scale / mean(latent.filter((x) => x > threshold))).toBeCloseTo(1, 1);
  expect(new Set([...weight.decode().dataSync()].map((x) => x + 0))).toEqual(new Set([0, scale, -scale]));
});
