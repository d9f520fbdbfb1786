import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { restoreWeight } from '../weight/restore-weight.ts';
import { knownSchemes } from '../wrappers/known-schemes.ts';
import { binary } from './binary.ts';
import { funHash } from './fun-hash.ts';
import { hashedNet } from './hashed-net.ts';
import * as schemes from './index.ts';

describe('binary obeys', () => {
  for (const law of schemeLaws(binary)) test(law.name, law.check);
});

const latentValues = fc.array(
  fc.oneof(
    fc.constantFrom(0, -0, 1, -1, 1 + 2 ** -23, -1 - 2 ** -23, 1e-45, -1e-45, 3e38),
    fc.float({ min: -2, max: 2, noNaN: true }),
  ),
  { minLength: 6, maxLength: 6 },
);

test('entries are the signs of latent values, +1 for 0, and gradients pass within ±1', () => {
  const weight = createWeight(binary(), { rows: 2, cols: 3 });
  const [{ value: w }] = weight.parameters as [(typeof weight.parameters)[0]];
  fc.assert(
    fc.property(latentValues, (latent) => {
      weight.parameters[0]?.assign(tensor(latent, [2, 3], { dtype: 'f32' }));
      expect([...weight.decode().dataSync()]).toEqual(latent.map((x) => (x < 0 ? -1 : 1)));
      const dV = tensor([1, 2, 3, 4, 5, 6], [2, 3], { dtype: 'f32' });
      const [, [gradient]] = gradientsOf(() => sum(multiply(weight.decode(), dV)), [w]);
      expect([...(gradient?.dataSync() ?? [])]).toEqual(
        latent.map((x, k) => (Math.abs(Math.fround(x)) <= 1 ? k + 1 : 0)),
      );
    }),
    { seed: 8, numRuns: 200 },
  );
});

test('latent values start uniform in ±1 and are to be kept there, at the learning rate of Glorot', () => {
  const { parameters } = createWeight(binary(), { rows: 40, cols: 50, std: 7 });
  const values = parameters[0]?.value.toArray() as number[][];
  const flat = values.flat();
  expect(Math.max(...flat.map(Math.abs))).toBeLessThanOrEqual(1);
  expect(flat.reduce((sum, x) => sum + x * x, 0) / flat.length).toBeCloseTo(1 / 3, 1);
  expect(parameters[0]?.rule).toEqual({ bounds: [-1, 1], rate: Math.sqrt(90 / 1.5) });
});

test('what several arrays decode to is not bounded by bounds of each', () => {
  const { parameters } = createWeight(binary(funHash({ ratio: 1 / 2 })), { rows: 10, cols: 12 });
  expect(parameters.map(({ rule }) => rule.bounds)).toEqual(parameters.map(() => undefined));
});

test('a restored weight is the same, with the same rules', () => {
  const weight = createWeight(binary(hashedNet({ ratio: 1 / 4 })), { rows: 6, cols: 8, seed: 3 });
  expect(weight.spec.kind).toBe('binary(hashedNet)');
  const values = new Map(weight.parameters.map(({ value }, k) => [weight.arrayNames[k] as string, value]));
  const restored = restoreWeight(JSON.parse(JSON.stringify(weight.spec)), {
    schemes: knownSchemes(schemes),
    values,
  });
  expect(restored.decode().toArray()).toEqual(weight.decode().toArray());
  expect(restored.parameters[0]?.rule).toEqual(weight.parameters[0]?.rule);
  expect(weight.storedCount).toBe(12);
});

test.each([
  'binary(',
  'binary()',
  'binary(binary)',
  'hashedNet(binary)',
  `${'binary('.repeat(30)}dense${')'.repeat(30)}`,
])('the kind %j is refused', (kind) => {
  const { spec } = createWeight(binary(), { rows: 2, cols: 2 });
  expect(() =>
    restoreWeight({ ...spec, kind }, { schemes: knownSchemes(schemes), values: new Map() }),
  ).toThrow('a known scheme');
});
