import { sum } from '@funhash/autodiff';
import { CodewordWriter } from '@funhash/codec/coder';
import { random } from '@funhash/hashing';
import { compress, Dense, load, lsq, Sequential, ternary } from '@funhash/layers';
import { scope, tensor, useBackend } from '@funhash/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { fit } from './fit.ts';
import { eventsOf, firstCheckpoint, spirals } from './fit-runs.spec-kit.ts';
import { adam } from './optimizers/adam.ts';
import { rate } from './rate.ts';
import { cosine, warmupCosine } from './schedules.ts';

const data = spirals(64, 4);
const net = (bits = 5): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: 24, activation: 'tanh', weight: lsq({ bits }) }),
      new Dense({ in: 24, out: 24, activation: 'tanh', weight: lsq({ bits }) }),
      new Dense({ in: 24, out: 2, weight: ternary() }),
    ],
    { seed: 3 },
  );
const optimizer = adam({ learningRate: 0.05, relativeStep: true });
const run = { data, batchSize: 32, seed: 1, optimizer };

/** Levels of each priced tensor, in f32 as products are decoded. */
function levelsOf(model: Sequential): Int32Array[] {
  const all = model.namedParameters();
  return [...all].flatMap(([name, { value, rule }]) => {
    if (!rule.multiples) return [];
    const { of, low, high } = rule.multiples;
    const [step = 1] = all.get(name.replace(/[^.]+$/, of))?.value.dataSync() ?? [];
    return [
      Int32Array.from(value.dataSync(), (x) =>
        Math.floor(Math.fround(Math.max(low, Math.min(high, Math.fround(x / step))) + 0.5)),
      ),
    ];
  });
}

const entropyOf = (levels: Int32Array): number => {
  const counts = new Map<number, number>();
  for (const k of levels) counts.set(k, (counts.get(k) ?? 0) + 1);
  return [...counts.values()].reduce((bits, n) => bits - n * Math.log2(n / levels.length), 0);
};

describe.each(['reference', 'wasm'] as const)('%s', (name) => {
  beforeAll(async () => void (await useBackend(name)));

  test('bits are −log₂ of a mixture of logistic densities, integrated over each level', async () => {
    const model = net();
    const penalty = rate(model, { weight: 1 });
    const F = (x: number): number => 1 / (1 + Math.exp(-x));
    const [w, s] = [[0.5, 0.5, -1].map(Math.exp), [0.3, 1, 4]];
    const all = (w[0] as number) + (w[1] as number) + (w[2] as number);
    let expected = 0;
    for (const levels of levelsOf(model))
      for (const k of levels) {
        const p = s.reduce(
          (sum, spread, i) =>
            sum + ((w[i] as number) / all) * (F((k + 0.5) / spread) - F((k - 0.5) / spread)),
          0,
        );
        expected -= Math.log2(p);
      }
    expect((await penalty.bits()) / expected).toBeCloseTo(1, 5);
    expect(await penalty.weight()).toBeCloseTo(1, 6);
  });

  // What follows takes many steps.
  if (name === 'reference') return;

  test('densities learn what the levels are: near their entropy, above it, and what the coder takes', async () => {
    const model = net();
    const penalty = rate(model, { weight: 1e-3 });
    await fit({ ...run, model, penalty, epochs: 120, batchSize: 64, freeze: ['0', '1', '2'] });
    const levels = levelsOf(model);
    const entropy = levels.reduce((bits, each) => bits + entropyOf(each), 0);
    const bits = await penalty.bits();
    expect(bits / entropy).toBeGreaterThan(1);
    expect(bits / entropy).toBeLessThan(1.12);
    const writer = new CodewordWriter();
    for (const each of levels) writer.levels(each);
    expect((8 * writer.finish().length) / bits).toBeLessThan(1.15);
  });

  test.each([
    ['constant', 0.05],
    ['falling to 0', cosine({ rate: 0.05 })],
    ['rising, then falling', warmupCosine({ rate: 0.05 })],
  ])(
    'a trained net is pruned down to a budget, and its file has the levels it was trained with: learning rate %s',
    async (_, learningRate) => {
      const plain = new Sequential(
        [[2, 24] as const, [24, 24] as const, [24, 2] as const].map(
          ([width, out], k) => new Dense({ in: width, out, ...(k < 2 && { activation: 'tanh' }) }),
        ),
        { seed: 3 },
      );
      await fit({ ...run, model: plain, epochs: 30 });
      const { model } = await compress(plain, { weight: lsq({ bits: 6 }) });
      const zeros = (): number =>
        levelsOf(model as Sequential)
          .flatMap((each) => [...each])
          .filter((k) => k === 0).length;
      const [before, many] = [zeros(), await rate(model, { weight: 1 }).bits()];
      const penalty = rate(model, { bytes: 150 });
      const ending = adam({ learningRate, relativeStep: true });
      const events = await eventsOf({ ...run, model, penalty, epochs: 90, optimizer: ending });
      const bytes = (await penalty.bits()) / 8;
      expect(many / 8).toBeGreaterThan(300);
      expect(bytes).toBeGreaterThan(143);
      expect(bytes).toBeLessThan(156);
      expect(zeros()).toBeGreaterThan(2 * before);
      // What is told of a step is the price in the loss.
      expect(events.at(-2)).toMatchObject({ type: 'epoch', penalty: expect.any(Number) });
      const x = tensor(data.inputs, [64, 2]);
      const loaded = await load(await model.toBytes());
      expect(loaded.forward(x).dataSync()).toEqual(model.forward(x).dataSync());
    },
    20_000,
  );

  test('the price of a budget that cannot be met in so few steps stays finite', async () => {
    const model = net();
    const penalty = rate(model, { bytes: 1, until: 0.01 });
    const optimizer = adam({ learningRate: 1e-6, relativeStep: true });
    const events = await eventsOf({ ...run, model, penalty, epochs: 12, optimizer });
    expect(events.at(-1)?.type).toBe('end');
    expect(await penalty.weight()).toBeLessThanOrEqual(1);
  });

  test('a run that goes on from a checkpoint has the same price and densities, bit for bit', async () => {
    const priced = () => {
      const model = net();
      return { model, penalty: rate(model, { bytes: 200 }) };
    };
    const [straight, stopped, resumed] = [priced(), priced(), priced()];
    const length = { ...run, epochs: 4 };
    await eventsOf({ ...length, ...straight });
    const { bytes } = await firstCheckpoint({ ...length, ...stopped, checkpoint: { everySteps: 3 } });
    await eventsOf({ ...length, ...resumed, resume: bytes });
    expect(await resumed.penalty.weight()).toBe(await straight.penalty.weight());
    expect(await resumed.penalty.bits()).toBe(await straight.penalty.bits());
    expect(await resumed.model.toBytes()).toEqual(await straight.model.toBytes());
    const other = { ...priced(), penalty: rate(net(), { bytes: 300 }) };
    await expect(fit({ ...length, ...other, resume: bytes })).rejects.toThrow(/bytes/);
  });
});

test('a group shares one density', () => {
  const names = (model: Sequential, group?: (name: string) => string): string[] => [
    ...(rate(model, { weight: 1, ...(group && { group }) })
      .namedParameters?.()
      .keys() ?? []),
  ];
  expect(names(net())).toHaveLength(6);
  expect(names(net(), () => 'all')).toEqual(['all.weights', 'all.spreads']);
});

test('the price of a level rises with its distance from 0, however far', () => {
  const draw = random(3);
  const model = new Dense({ in: 40, out: 1, weight: lsq({ bits: 8 }), bias: false });
  const [latent, step] = model.parameters();
  step?.assign(tensor(Float32Array.of(1)));
  latent?.assign(
    tensor(
      Float32Array.from({ length: 40 }, () => 400 * draw.normal()),
      latent.value.shape,
    ),
  );
  const penalty = rate(model, { weight: 1 });
  const pass = { training: true, random: draw, step: 0, steps: 1 };
  const parameters = new Map([...model.namedParameters()].map(([name, { value }]) => [name, value]));
  expect(scope(() => sum(penalty.loss({ ...pass, parameters })).item())).toBeLessThan(40 * 31);
});

test.each([
  [() => rate(net(), {}), /either weight.* or bytes/],
  [() => rate(net(), { weight: 1, bytes: 1 }), /got both/],
  [() => rate(net(), { weight: 0 }), /weight/],
  [() => rate(net(), { byte: 3 } as object), /bytes/],
  [() => rate(new Dense({ in: 2, out: 2 }), { weight: 1 }), /lsq/],
  [() => rate({} as never, { weight: 1 }), /model/],
])('%s is refused', (make, message) => {
  expect(make).toThrow(message);
});
