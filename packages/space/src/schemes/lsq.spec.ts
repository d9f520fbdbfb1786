import { readFileSync } from 'node:fs';
import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import type { Parameter } from '../weight/parameter.ts';
import { restoreWeight } from '../weight/restore-weight.ts';
import { knownSchemes } from '../wrappers/known-schemes.ts';
import { hashedNet } from './hashed-net.ts';
import * as schemes from './index.ts';
import { lsq } from './lsq.ts';

describe('lsq obeys', () => {
  for (const law of schemeLaws(lsq)) test(law.name, law.check);
});

describe('lsq of 8 bits obeys', () => {
  const options = { except: ['adjoint', 'second', 'projection', 'reach', 'huge'] } as const;
  for (const law of schemeLaws(lsq({ bits: 8 }), options)) test(law.name, law.check);
});

interface Case {
  readonly kind: string;
  readonly bits: number;
  readonly rows: number;
  readonly cols: number;
  readonly latent: readonly number[];
  readonly step: number;
  readonly cotangent: readonly number[];
  readonly entries: readonly number[];
  readonly dLatent: readonly number[];
  readonly dStep: number;
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('./lsq.fixtures.json', import.meta.url), 'utf8'),
);

const close = (actual: Tensor | undefined, expected: readonly number[]): void =>
  expected.forEach((wanted, k) => {
    expect(Math.abs(((actual as Tensor).dataSync()[k] as number) - wanted)).toBeLessThan(
      2e-5 * Math.max(1, ...expected.map(Math.abs)),
    );
  });

test.each(cases)('entries and gradients are those of PyTorch: $kind $bits, $rows × $cols', (sample) => {
  const { kind, bits, rows, cols, latent, step, cotangent, entries, dLatent, dStep } = sample;
  const request = kind === 'lsq' ? lsq({ bits }) : schemes.ternary();
  const weight = createWeight(request, { rows, cols });
  weight.parameters[0]?.assign(tensor(latent, [rows, cols]));
  weight.parameters[1]?.assign(tensor([step]));
  const [, [first, second]] = gradientsOf(
    () => sum(multiply(weight.decode(), tensor(cotangent, [rows, cols]))),
    weight.parameters.map(({ value }) => value),
  );
  close(weight.decode(), entries);
  close(first, dLatent);
  close(second, [dStep]);
});

test('a weight of b bits has at most 2^b values, all of them where latent values spread', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(1000), (bits, seed) => {
      const weight = createWeight(lsq({ bits }), { rows: 60, cols: 60, seed });
      const [latent, step] = weight.parameters as [Parameter, Parameter];
      const size = step.value.dataSync()[0] as number;
      const spread = Array.from({ length: 3600 }, (_, k) => (k / 3599 - 0.5) * 2 ** (bits + 1) * size);
      expect(new Set(weight.decode().dataSync()).size).toBeLessThanOrEqual(2 ** bits);
      weight.parameters[0]?.assign(tensor(spread, latent.value.shape));
      expect(new Set([...weight.decode().dataSync()].map((x) => x + 0)).size).toBe(2 ** bits);
    }),
    { seed: 5, numRuns: 25 },
  );
});

test('the step starts at 2·E|latent| / √Q and is kept above 0', () => {
  const { parameters } = createWeight(lsq({ bits: 4 }), { rows: 50, cols: 80, std: 0.3 });
  const [latent, step] = parameters.map(({ value }) => [...value.dataSync()]) as [number[], number[]];
  const mean = latent.reduce((total, x) => total + Math.abs(x), 0) / latent.length;
  expect((step[0] as number) / ((2 * mean) / Math.sqrt(7))).toBeCloseTo(1, 1);
  expect(parameters[1]?.rule.bounds?.[0]).toBeGreaterThan(0);
  expect(parameters[0]?.rule.bounds).toBeUndefined();
});

test('a restored weight is the same', () => {
  const weight = createWeight(lsq({ bits: 3 }, hashedNet({ ratio: 1 / 4 })), { rows: 6, cols: 8, seed: 3 });
  expect(weight.spec.kind).toBe('lsq(hashedNet)');
  expect(weight.storedCount).toBe(12);
  const values = new Map(weight.parameters.map(({ value }, k) => [weight.arrayNames[k] as string, value]));
  const restored = restoreWeight(JSON.parse(JSON.stringify(weight.spec)), {
    schemes: knownSchemes(schemes),
    values,
  });
  expect(restored.decode().toArray()).toEqual(weight.decode().toArray());
  expect(restored.parameters.map(({ rule }) => rule)).toEqual(weight.parameters.map(({ rule }) => rule));
});

test.each([1, 9, 2.5])('%d bits are refused', (bits) => {
  expect(() => createWeight(lsq({ bits }), { rows: 2, cols: 2 })).toThrow('from 2 to 8');
});
