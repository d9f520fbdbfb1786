import { random } from '@funhash/hashing';
import { Dense, Sequential, useBackend } from '@funhash/layers';
import { scope, tensor } from '@funhash/tensor';
import { beforeAll, expect, test } from 'vitest';
import { byteBudget } from './byte-budget.ts';

beforeAll(() => useBackend('reference'));

test('steps are rounded without moving levels, of values too that stand where two levels meet', async () => {
  const plain = new Sequential([new Dense({ in: 40, out: 30 }), new Dense({ in: 30, out: 4 })], { seed: 3 });
  const { model: net, finish } = await byteBudget(plain, { bytes: 4000 });
  const parameters = net.namedParameters();
  const draw = random(2);
  const levelsOf = async (): Promise<Map<string, number[]>> => {
    const levels = new Map<string, number[]>();
    for (const [name, { rule, value }] of parameters)
      if (rule.multiples) {
        const step = parameters.get(`${name.slice(0, name.lastIndexOf('.') + 1)}${rule.multiples.of}`);
        const unit = (await step?.value.data())?.[0] as number;
        levels.set(
          name,
          Array.from(await value.data(), (x) => Math.round(x / unit)),
        );
      }
    return levels;
  };
  for (const [name, parameter] of parameters)
    if (parameter.rule.multiples) {
      const step = parameters.get(
        `${name.slice(0, name.lastIndexOf('.') + 1)}${parameter.rule.multiples.of}`,
      );
      // A step that rounding to eight bits of fraction makes smaller, and values just below one half of it.
      const unit = 0.0123 * (1 + 2 ** -10);
      const values = Float32Array.from({ length: parameter.value.size }, () =>
        draw.uniform() < 0.5 ? 0.4999 * unit : 3 * unit * draw.normal(),
      );
      scope(() => step?.assign(tensor([unit])));
      scope(() => parameter.assign(tensor(values, parameter.value.shape)));
    }
  const before = await levelsOf();
  await finish();
  expect(before.size).toBe(2);
  expect(await levelsOf()).toEqual(before);
});

test('a net of plain weights has levels, and a budget that holds nothing is refused', async () => {
  const plain = new Sequential([new Dense({ in: 8, out: 3 })], { seed: 1 });
  const { model: net } = await byteBudget(plain, { bytes: 200 });
  expect([...net.weights().values()].map(({ spec }) => spec.kind)).toEqual(['lsq']);
  await expect(byteBudget(plain, { bytes: 30 })).rejects.toThrow(/more than \d+ bytes/);
});
