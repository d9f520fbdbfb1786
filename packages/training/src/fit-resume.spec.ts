import { encodeModel, ModelFileError } from '@funhash/codec';
import type { Model } from '@funhash/layers';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { CheckpointOptions, FitConfig } from './fit-config.ts';
import {
  base,
  bitsOf,
  data,
  eventsOf,
  firstCheckpoint,
  net,
  ofType,
  spirals,
  strange,
  withoutSeconds,
  withoutSpec,
} from './fit-runs.spec-kit.ts';
import { type Loss, softmaxCrossEntropy, squaredHinge } from './losses.ts';
import { errorRate } from './metrics.ts';
import { adam } from './optimizers/adam.ts';
import { sgd } from './optimizers/sgd.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import { recipe } from './recipe.ts';
import { cosine } from './schedules.ts';

const ownLoss: Loss = (y, t) => softmaxCrossEntropy(y, t);

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

  const inverted = { ...data, labels: data.labels.map((label) => 1 - label) };
  const others: Readonly<Record<string, [Partial<FitConfig>, RegExp]>> = {
    seed: [{ seed: 6 }, /got another: seed: 5 in the checkpoint, 6 here\./],
    batchSize: [{ batchSize: 24 }, /got another: batchSize: 25 in the checkpoint, 24 here\./],
    'batches of another number': [
      { batchSize: 10 },
      /another: stepsPerEpoch: 3 in the checkpoint, 6 here; batchSize: 25 in the checkpoint, 10 here\./,
    ],
    'hash seed': [{ model: net(2) }, /another: model: …/],
    shape: [
      { model: withoutSpec(net(1, 9)) },
      /parameter 0\.weight\.w: \[9\] in the model, got \[8\] in the checkpoint/,
    ],
    rule: [
      { optimizer: sgd() },
      /another: optimizer: adam in the checkpoint, sgd here; schedule: a schedule in .*, none here\./,
    ],
    'inverted labels': [
      { data: inverted },
      /another: data\.labels: i32 \[60\] \w{8} in the checkpoint, i32 \[60\] \w{8} here\./,
    ],
    'one input': [
      { data: { ...data, inputs: data.inputs.map((x, k) => (k === 71 ? x + 1e-6 : x)) } },
      /another: data\.inputs: f32 \[60, 2\] \w{8} in the checkpoint, f32/,
    ],
    'an order': [{ shuffle: false }, /another: shuffle: true in the checkpoint, false here\./],
    'batches of a function': [
      { data: () => [data, data, data], stepsPerEpoch: 3 },
      /another: data: in memory in the checkpoint, made by a function here\./,
    ],
    'a validation share': [{ validation: 0.01 }, /validation share: none in the checkpoint, 0\.01 here\./],
    loss: [
      { loss: squaredHinge },
      /another: loss: softmaxCrossEntropy in the checkpoint, squaredHinge here\./,
    ],
    "a loss of one's own": [{ loss: ownLoss }, /loss: softmaxCrossEntropy in the checkpoint, ownLoss here\./],
    'class weights': [{ classWeights: [1, 2] }, /classWeights: none in the checkpoint, \[1,2\] here\./],
    'label smoothing': [{ labelSmoothing: 0.1 }, /labelSmoothing: 0 in the checkpoint, 0\.1 here\./],
    schedule: [{ schedule: cosine() }, /schedule: .* at step \d+ in the checkpoint, .* here\./],
    'a learning rate': [
      { ...recipe({ rho: 0.1 }), batchSize: 25 },
      /another: optimizer\.learningRate: 0\.27 in the checkpoint, 0\.1 here\./,
    ],
    clipNorm: [
      {
        optimizer: adam({ learningRate: 0.27, relativeStep: true, clipNorm: 1 }),
        schedule: recipe().schedule,
      },
      /another: optimizer\.clipNorm: none in the checkpoint, 1 here\./,
    ],
    'several numbers': [
      { optimizer: adam({ learningRate: 0.2, weightDecay: 0.1, beta1: 0.5 }), schedule: recipe().schedule },
      /(?=.*relativeStep: true in the checkpoint, none here)(?=.*weightDecay: 0 in the checkpoint, 0\.1 here)(?=.*beta1: 0\.9 in the checkpoint, 0\.5 here)/,
    ],
  };
  test.each(Object.entries(others))(
    'with another %s is refused, the model untouched',
    async (_, [change, message]) => {
      const trained = change.model && !('spec' in change.model) ? withoutSpec(net()) : net();
      const { bytes } = await firstCheckpoint({ ...base(trained), checkpoint: {} });
      const config = { ...base(strange()), ...change };
      const before = bitsOf(config.model);
      const resumed = eventsOf({ ...config, resume: bytes });
      await expect(resumed).rejects.toThrow(CheckpointError);
      await expect(resumed).rejects.toThrow(message);
      expect(bitsOf(config.model)).toEqual(before);
    },
  );

  test.each<[string, Partial<FitConfig>]>([
    ['epochs', { epochs: 9 }],
    [
      'metrics, validation examples and reports',
      { validation: spirals(9, 1), metrics: { errorRate }, reportEverySteps: 1 },
    ],
    ['checkpoints', { checkpoint: { everySteps: 2 } }],
    ['early stopping', { validation: spirals(9, 1), earlyStopping: { patience: 3 } }],
    ['the signal', { signal: new AbortController().signal }],
    ['the same, told at length', { ...recipe(), batchSize: 25, shuffle: true, loss: softmaxCrossEntropy }],
  ])('with other %s goes on', async (_, change) => {
    const { bytes } = await firstCheckpoint({ ...base(net()), checkpoint: {} });
    const events = await eventsOf({ ...base(strange()), ...change, resume: bytes });
    expect(events[0]).toMatchObject({ type: 'start', epoch: 1, step: 3 });
    expect(events.at(-1)).toMatchObject({ type: 'end', epoch: change.epochs ?? 6 });
  });

  test('errors list what differs, and a checkpoint tells what decided its run', async () => {
    const { bytes } = await firstCheckpoint({ ...base(net()), checkpoint: {} });
    const { run } = await readCheckpoint(bytes);
    expect(run).toMatchObject({
      steps: 18,
      fields: { batchSize: 25, loss: 'softmaxCrossEntropy', optimizer: 'adam' },
    });
    const error: unknown = await eventsOf({ ...base(net()), batchSize: 24, seed: 7, resume: bytes }).catch(
      (cause) => cause,
    );
    expect((error as CheckpointError).differences).toEqual([
      'seed: 5 in the checkpoint, 7 here',
      'batchSize: 25 in the checkpoint, 24 here',
    ]);
  });

  test('fingerprints of large arrays cost a bounded time and see any block that is in them', () => {
    const large = { shape: [1024, 8192], data: new Uint8Array(2 ** 23) };
    const before = fingerprintOf(large);
    expect(before).toMatch(/^u8 \[1024, 8192\] [0-9a-f]{8}$/);
    for (const at of [0, 255, 2 ** 23 - 1]) {
      large.data[at] = 1;
      expect(fingerprintOf(large)).not.toBe(before);
      large.data[at] = 0;
    }
    large.data.fill(1, 2 ** 22, 2 ** 22 + 4096);
    expect(fingerprintOf(large)).not.toBe(before);
    expect(fingerprintOf({ shape: [4], data: new Float32Array(4) })).not.toBe(
      fingerprintOf({ shape: [2, 2], data: new Float32Array(4) }),
    );
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
