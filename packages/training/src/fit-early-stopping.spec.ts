import { describe, expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { base, bitsOf, data, eventsOf, net, ofType, strange } from './fit-runs.spec-kit.ts';
import { adam } from './optimizers/adam.ts';

describe('early stopping', () => {
  // Learns in the first epoch, unlearns after.
  const spoiling = { optimizer: adam({ learningRate: (step) => (step < 3 ? 0.01 : 0.5) }), validation: data };

  test('ends when patience is lost, with the best parameters', async () => {
    const [model, best] = [net(), net()];
    const events = await eventsOf({
      ...base(model),
      ...spoiling,
      epochs: 50,
      earlyStopping: { patience: 2 },
    });
    const losses = ofType(events, 'epoch').map(({ validation }) => validation?.loss as number);
    const [stop] = ofType(events, 'earlyStop');
    const least = Math.min(...losses);
    expect(stop).toMatchObject({ metric: 'loss', best: least, bestEpoch: losses.indexOf(least) + 1 });
    expect(losses.length).toBe((stop?.bestEpoch as number) + 2);
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'earlyStop', epoch: losses.length });
    await eventsOf({ ...base(best), ...spoiling, epochs: stop?.bestEpoch as number });
    expect(bitsOf(model)).toEqual(bitsOf(best));
    expect((await evaluate(model, data)).loss).toBe(least);
  });

  test('may keep the last parameters', async () => {
    const [model, last] = [net(), net()];
    const earlyStopping = { patience: 2, restoreBest: false };
    const events = await eventsOf({ ...base(model), ...spoiling, epochs: 50, earlyStopping });
    const epochs = ofType(events, 'epoch').length;
    await eventsOf({ ...base(last), ...spoiling, epochs });
    expect(bitsOf(model)).toEqual(bitsOf(last));
  });

  test('by a metric that grows', async () => {
    const metrics = { constant: () => 1 };
    const earlyStopping = { patience: 3, metric: 'constant', goal: 'max' } as const;
    const events = await eventsOf({ ...base(net()), validation: data, metrics, earlyStopping });
    expect(ofType(events, 'earlyStop')).toEqual([
      { type: 'earlyStop', epoch: 4, metric: 'constant', best: 1, bestEpoch: 1 },
    ]);
  });

  test('resumed with no patience left stops at once', async () => {
    const config = { ...base(net()), ...spoiling, epochs: 50, earlyStopping: { patience: 2 } };
    const events = await eventsOf({ ...config, checkpoint: {} });
    const last = ofType(events, 'checkpoint').at(-1)?.bytes as Uint8Array;
    const model = strange();
    const rest = await eventsOf({ ...config, model, resume: last });
    expect(rest.map(({ type }) => type)).toEqual(['start', 'earlyStop', 'end']);
    expect(bitsOf(model)).toEqual(bitsOf(config.model));
  });
});
