import { BatchNorm, Dense, Dropout, hashedNet, Sequential } from '@funhash/layers';
import { useBackend } from '@funhash/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { valuesIn } from './earlier-runs.spec-kit.ts';
import { evaluate } from './evaluate.ts';
import { fit } from './fit.ts';
import { eventsOf, firstCheckpoint, ofType, spirals } from './fit-runs.spec-kit.ts';
import { adam } from './optimizers/adam.ts';

const net = (): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: 6, weight: hashedNet({ ratio: 1 / 2 }) }),
      new BatchNorm({ channels: 6, activation: 'relu' }),
      new Dropout({ rate: 0.2 }),
      new Dense({ in: 6, out: 2 }),
    ],
    { seed: 3 },
  );
const validation = spirals(20, 8);
const rest = {
  data: spirals(30, 4),
  validation,
  epochs: 3,
  batchSize: 10,
  optimizer: adam({ learningRate: 0.05 }),
  seed: 1,
};
const numbersIn = (model: Sequential): number[] =>
  [...model.namedParameters().values(), ...model.namedBuffers().values()].flatMap(({ value }) => [
    ...value.dataSync(),
  ]);

describe.each(['reference', 'wasm'] as const)('%s', (name) => {
  beforeAll(async () => void (await useBackend(name)));

  test.each([
    [true, (t: number) => Math.min(0.8, (1 + t) / (10 + t))],
    [false, () => 0.8],
  ])(
    'warmup %s: the average is that of all steps, running statistics too; it is kept and was judged',
    async (warmup, decay) => {
      const plain = net();
      let average = numbersIn(plain);
      for await (const event of fit({ ...rest, model: plain, reportEverySteps: 1 }))
        if (event.type === 'step') {
          const d = decay(event.step);
          const now = numbersIn(plain);
          average = average.map((a, k) => d * a + (1 - d) * (now[k] as number));
        }
      const model = net();
      const { validation: judged } = await fit({ ...rest, model, average: { decay: 0.8, warmup } });
      for (const [k, value] of numbersIn(model).entries())
        expect(Math.abs(value - (average[k] as number))).toBeLessThan(1e-5);
      expect(numbersIn(model)).not.toEqual(numbersIn(plain));
      expect(judged).toEqual(await evaluate(model, validation));
    },
  );

  test('the steps are those without an average, also where validation judges it', async () => {
    const [plain, averaged, judged] = [net(), net(), net()];
    const usual = await eventsOf({ ...rest, model: plain });
    const kept = await eventsOf({ ...rest, model: averaged, average: { decay: 0.9, keep: false } });
    expect(valuesIn(averaged)).toEqual(valuesIn(plain));
    const losses = (events: typeof usual) => ofType(events, 'epoch').map(({ loss }) => loss);
    expect(losses(kept)).toEqual(losses(usual));
    const other = await eventsOf({ ...rest, model: judged, average: { decay: 0.9, validate: false } });
    const scores = (events: typeof usual) => ofType(events, 'epoch').map(({ validation: own }) => own);
    expect(scores(other)).toEqual(scores(usual));
    expect(scores(kept)).not.toEqual(scores(usual));
    expect(valuesIn(judged)).not.toEqual(valuesIn(plain));
  });

  test('a resumed run has the average of the straight one, bit for bit', async () => {
    const average = { decay: 0.95 };
    const [straight, stopped, resumed] = [net(), net(), net()];
    await fit({ ...rest, model: straight, average });
    const { bytes } = await firstCheckpoint({
      ...rest,
      model: stopped,
      average,
      checkpoint: { everySteps: 4 },
    });
    await fit({ ...rest, model: resumed, average, resume: bytes });
    expect(valuesIn(resumed)).toEqual(valuesIn(straight));
    const other = (changed: object) => fit({ ...rest, model: net(), resume: bytes, ...changed }).next();
    await expect(other({ average: { decay: 0.9 } })).rejects.toThrow(
      'average: 0.95 in the checkpoint, 0.9 here',
    );
    await expect(other({ average: { decay: 0.95, warmup: false } })).rejects.toThrow('average.warmup: true');
    await expect(other({})).rejects.toThrow('average: 0.95 in the checkpoint, none here');
  });

  test('early stopping keeps the average of the best epoch', async () => {
    const model = net();
    const scores: number[] = [];
    let end = { keptEpoch: 0 };
    const config = { ...rest, epochs: 12, average: { decay: 0.5 }, earlyStopping: { patience: 2 } };
    for await (const event of fit({ ...config, model })) {
      if (event.type === 'epoch') scores.push(event.validation?.loss as number);
      if (event.type === 'end') end = event;
    }
    const best = Math.min(...scores);
    expect(end.keptEpoch).toBe(scores.indexOf(best) + 1);
    expect((await evaluate(model, validation)).loss).toBe(best);
  });
});

test('a judge that throws leaves the model with its own values', async () => {
  const [plain, model] = [net(), net()];
  await fit({ ...rest, epochs: 1, model: plain });
  const boom = () => {
    throw new Error('boom');
  };
  await expect(
    fit({ ...rest, epochs: 1, model, average: { decay: 0.9 }, metrics: { boom } }),
  ).rejects.toThrow('boom');
  expect(valuesIn(model)).toEqual(valuesIn(plain));
});

test.each([1, -0.1, Number.NaN, '0.9', undefined])('decay %s is refused', (decay) =>
  expect(() => fit({ ...rest, model: net(), average: { decay: decay as number } })).toThrow(
    'fit.average: expected decay: a number ≥ 0 and < 1',
  ),
);
