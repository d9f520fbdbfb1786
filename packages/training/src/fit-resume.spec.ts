import { encodeModel, ModelFileError } from '@funhash/codec';
import type { Model } from '@funhash/layers';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from './errors.ts';
import type { CheckpointOptions, FitConfig } from './fit-config.ts';
import {
  base,
  bitsOf,
  eventsOf,
  firstCheckpoint,
  net,
  ofType,
  spirals,
  strange,
  withoutSeconds,
  withoutSpec,
} from './fit-runs.spec-kit.ts';
import { sgd } from './optimizers/sgd.ts';

describe('a resumed run', () => {
  const configs: Record<string, (model: Model) => FitConfig> = {
    'the recipe': base,
    'momentum, relative steps, clipping, early stopping': (model) => ({
      ...base(model),
      optimizer: sgd({ momentum: 0.9, learningRate: 0.3, relativeStep: true, clipNorm: 1 }),
      validation: 0.2,
      batchSize: 16,
      earlyStopping: { patience: 4 },
    }),
    'batches made elsewhere': (model) => ({
      ...base(model),
      data: (epoch) => [spirals(20, epoch), spirals(7, 100 + epoch), spirals(11, 200 + epoch)],
      stepsPerEpoch: 3,
    }),
  };
  const places: [string, CheckpointOptions, number][] = [
    ['between epochs', { everyEpochs: 3 }, 9],
    ['within an epoch', { everySteps: 4 }, 4],
    ['after the last batch of an epoch', { everySteps: 6 }, 6],
  ];
  const cases = Object.keys(configs).flatMap((what) => places.map((place) => [what, ...place] as const));
  test.each(cases)('%s, saved %s, has the bits of one never interrupted', async (what, _, checkpoint, at) => {
    const configOf = configs[what] as (model: Model) => FitConfig;
    const straight = net();
    const whole = await eventsOf({ ...configOf(straight), reportEverySteps: 1 });
    const saved = await firstCheckpoint({ ...configOf(net()), checkpoint });
    expect(saved.step).toBe(at);
    const resumed = strange();
    const { seed: _seed, ...unseeded } = configOf(resumed);
    const rest = await eventsOf({ ...unseeded, reportEverySteps: 1, resume: saved.bytes });
    expect(bitsOf(resumed)).toEqual(bitsOf(straight));
    expect(ofType(rest, 'step')).toEqual(ofType(whole, 'step').filter(({ step }) => step > at));
    const judged = ofType(rest, 'epoch').map(withoutSeconds);
    expect(judged).toEqual(ofType(whole, 'epoch').map(withoutSeconds).slice(-judged.length));
    expect(rest.at(-1)).toMatchObject({ type: 'end', epoch: 6, step: 18 });
  });

  test('that was at its end, ends', async () => {
    const { bytes } = await firstCheckpoint({ ...base(net()), epochs: 2, checkpoint: { everyEpochs: 2 } });
    const events = await eventsOf({ ...base(net()), epochs: 2, resume: bytes });
    expect(events.map(({ type }) => type)).toEqual(['start', 'end']);
    expect(events[1]).toMatchObject({ reason: 'finished', epoch: 2, step: 6 });
  });

  test.each<[string, Partial<FitConfig>, RegExp]>([
    ['seed', { seed: 6 }, /resume: expected seed 5, as in the checkpoint, got 6/],
    ['batches', { batchSize: 10 }, /stepsPerEpoch 3, as in the checkpoint, got 6/],
    ['hash seed', { model: net(2) }, /expected the model of the checkpoint, got …/],
    [
      'shape',
      { model: withoutSpec(net(1, 9)) },
      /parameter 0\.weight\.w: \[9\] in the model, got \[8\] in the checkpoint/,
    ],
    ['rule', { optimizer: sgd() }, /the state of sgd, got that of adam/],
  ])('with another %s is refused, the model untouched', async (_, change, message) => {
    const trained = change.model && !('spec' in change.model) ? withoutSpec(net()) : net();
    const { bytes } = await firstCheckpoint({ ...base(trained), checkpoint: {} });
    const config = { ...base(strange()), ...change };
    const before = bitsOf(config.model);
    await expect(eventsOf({ ...config, resume: bytes })).rejects.toThrow(message);
    expect(bitsOf(config.model)).toEqual(before);
  });

  test('of damaged bytes is refused', async () => {
    const { bytes } = await firstCheckpoint({ ...base(net()), checkpoint: {} });
    const model = strange();
    const before = bitsOf(model);
    for (let at = 0; at < bytes.length; at += 97) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ 4;
      await expect(eventsOf({ ...base(model), resume: damaged })).rejects.toThrow(ModelFileError);
    }
    await expect(eventsOf({ ...base(model), resume: bytes.subarray(0, 300) })).rejects.toThrow(
      ModelFileError,
    );
    const other = encodeModel({ spec: { layers: [] }, tensors: {} });
    await expect(eventsOf({ ...base(model), resume: other })).rejects.toThrow(CheckpointError);
    expect(bitsOf(model)).toEqual(before);
  });
});
