import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { add, multiply, sqrt, sum } from '@funhash/autodiff';
import { encodeModel, ModelFileError } from '@funhash/codec';
import { random } from '@funhash/hashing';
import { Dense, Dropout, hashedNet, type Model, Sequential } from '@funhash/layers';
import { ones, scope, tensor } from '@funhash/tensor';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointError, DivergedError } from './errors.ts';
import { evaluate, predict } from './evaluate.ts';
import type { Examples } from './examples.ts';
import { fit } from './fit.ts';
import type { CheckpointOptions, FitConfig, FitEvent } from './fit-config.ts';
import { type Loss, meanSquaredError, softmaxCrossEntropy } from './losses.ts';
import { errorRate, r2 } from './metrics.ts';
import { adam } from './optimizers/adam.ts';
import { sgd } from './optimizers/sgd.ts';

/** Two spirals wound into each other, as many points a label. */
function spirals(count: number, seed: number) {
  const draw = random(seed);
  const inputs = new Float32Array(2 * count);
  const labels = Int32Array.from({ length: count }, (_, k) => k % 2);
  labels.forEach((label, k) => {
    const radius = Math.sqrt(draw.uniform());
    const angle = 3 * Math.PI * radius + Math.PI * label;
    inputs[2 * k] = radius * Math.cos(angle) + 0.02 * draw.normal();
    inputs[2 * k + 1] = radius * Math.sin(angle) + 0.02 * draw.normal();
  });
  return { inputs, labels };
}

const net = (seed = 1, width = 8): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: width, activation: 'relu', weight: hashedNet({ ratio: 1 / 2 }) }),
      new Dropout({ rate: 0.2 }),
      new Dense({ in: width, out: 2 }),
    ],
    { seed },
  );

/** The same net with other values. */
function strange(): Sequential {
  const model = net();
  for (const parameter of model.parameters()) parameter.assign(ones(parameter.value.shape));
  return model;
}

const data = spirals(60, 3);
const base = (model: Model): FitConfig => ({ model, data, epochs: 6, batchSize: 25, seed: 5 });

async function eventsOf(config: FitConfig): Promise<FitEvent[]> {
  const events: FitEvent[] = [];
  for await (const event of fit(config)) events.push(event);
  return events;
}

const ofType = <T extends FitEvent['type']>(events: readonly FitEvent[], type: T) =>
  events.filter((event): event is Extract<FitEvent, { type: T }> => event.type === type);

const withoutSpec = (model: Model): Model => ({
  forward: (x, pass) => model.forward(x, pass),
  namedParameters: () => model.namedParameters(),
});

const withoutSeconds = ({ seconds: _, ...event }: Extract<FitEvent, { type: 'epoch' }>) => event;

async function firstCheckpoint(config: FitConfig) {
  for await (const event of fit(config)) if (event.type === 'checkpoint') return event;
  throw new Error('no checkpoint');
}

const bitsOf = (model: Model): number[][] =>
  [...model.namedParameters().values()].map(({ value }) => [
    ...new Uint32Array((value.dataSync() as Float32Array).buffer),
  ]);

test('the recipe trains a hashed net to tell two spirals apart', async () => {
  const model = new Sequential(
    [
      new Dense({ in: 2, out: 32, activation: 'relu' }),
      new Dense({ in: 32, out: 32, activation: 'relu', weight: hashedNet({ ratio: 1 / 4 }) }),
      new Dense({ in: 32, out: 2 }),
    ],
    { seed: 1 },
  );
  const validation = spirals(300, 2);
  for await (const _ of fit({ model, data: spirals(400, 1), epochs: 35, batchSize: 50 }));
  const scores = await evaluate(model, validation, { metrics: { errorRate } });
  expect(scores.errorRate).toBeLessThan(0.03);
});

test('events tell of the run, its epochs and its end', async () => {
  const events = await eventsOf({
    ...base(net()),
    validation: spirals(20, 9),
    metrics: { errorRate },
    reportEverySteps: 2,
    epochs: 2,
  });
  expect(events.map(({ type }) => type)).toEqual(['start', 'step', 'epoch', 'step', 'step', 'epoch', 'end']);
  const [start] = ofType(events, 'start');
  expect(start).toEqual({ type: 'start', epoch: 0, step: 0, epochs: 2, steps: 6, storedCount: 34 });
  expect(ofType(events, 'step').map(({ epoch, step }) => [epoch, step])).toEqual([
    [1, 2],
    [2, 4],
    [2, 6],
  ]);
  const [first] = ofType(events, 'epoch');
  expect(first).toMatchObject({ epoch: 1, step: 3 });
  expect(first?.validation?.errorRate).toBeGreaterThanOrEqual(0);
  expect(first?.learningRate).toBeGreaterThan(0);
  expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'finished', epoch: 2, step: 6 });
});

test('the seed decides every bit', async () => {
  const [a, b, c] = [net(), net(), net()];
  const traces = [
    await eventsOf({ ...base(a), reportEverySteps: 1 }),
    await eventsOf({ ...base(b), reportEverySteps: 1 }),
    await eventsOf({ ...base(c), reportEverySteps: 1, seed: 6 }),
  ].map((events) => ofType(events, 'step').map(({ loss }) => loss));
  expect(traces[1]).toEqual(traces[0]);
  expect(bitsOf(b)).toEqual(bitsOf(a));
  expect(traces[2]).not.toEqual(traces[0]);
});

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

describe('checkpoints', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fit-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('go to a file, to a callback and into events, at the end in any case', async () => {
    const path = join(folder, 'run.checkpoint');
    const saved: unknown[] = [];
    const save = async (bytes: Uint8Array, at: unknown) => {
      expect(new Uint8Array(await readFile(path))).toEqual(bytes);
      saved.push(at);
    };
    const events = await eventsOf({ ...base(net()), epochs: 5, checkpoint: { path, save, everyEpochs: 2 } });
    expect(saved).toEqual([
      { epoch: 2, step: 6 },
      { epoch: 4, step: 12 },
      { epoch: 5, step: 15 },
    ]);
    expect(ofType(events, 'checkpoint').map(({ step }) => step)).toEqual([6, 12, 15]);
    expect(await readdir(folder)).toEqual(['run.checkpoint']);
    const resumed = await eventsOf({ ...base(strange()), resume: path });
    expect(resumed[0]).toMatchObject({ type: 'start', epoch: 5, step: 15 });
  });

  test('are not written over by a run that diverges', async () => {
    const path = join(folder, 'run.checkpoint');
    await writeFile(path, 'before');
    const broken = { ...data, inputs: data.inputs.map((x, k) => (k === 80 ? Number.NaN : x)) };
    const config = { ...base(net()), data: broken, shuffle: false, checkpoint: { path, everySteps: 2 } };
    await expect(eventsOf(config)).rejects.toThrow(DivergedError);
    expect(await readFile(path, 'utf8')).toBe('before');
    const poisoned: Loss = (y, t) => add(softmaxCrossEntropy(y, t), sum(sqrt(multiply(y, 0))));
    const poisonedConfig = { ...base(net()), loss: poisoned, checkpoint: { path, everySteps: 1 } };
    await expect(eventsOf(poisonedConfig)).rejects.toThrow(/finite parameter 0.weight.w, got NaN in epoch 1/);
    expect(await readFile(path, 'utf8')).toBe('before');
  });

  test('whose callback fails end the run with its error', async () => {
    const save = () => Promise.reject(new Error('no room'));
    await expect(eventsOf({ ...base(net()), checkpoint: { save } })).rejects.toThrow('no room');
  });
});

describe('divergence', () => {
  test('tells where, and the step is not taken', async () => {
    const model = net();
    const broken = { ...data, inputs: data.inputs.map((x, k) => (k === 80 ? Number.NaN : x)) };
    const losses: number[] = [];
    let before: number[][] = [];
    const run = async () => {
      for await (const event of fit({ ...base(model), data: broken, shuffle: false, reportEverySteps: 1 }))
        if (event.type === 'step') {
          losses.push(event.loss);
          before = bitsOf(model);
        }
    };
    const error = await run().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DivergedError);
    expect((error as DivergedError).divergence).toMatchObject({
      epoch: 1,
      step: 2,
      what: 'loss',
      value: Number.NaN,
    });
    expect((error as DivergedError).divergence.lastLoss).toBe(losses[0]);
    expect(String(error)).toMatch(
      /NaN in epoch 1, step 2, at learning rate .*last finite loss was .*clipNorm/,
    );
    expect(bitsOf(model)).toEqual(before);
  });

  test('of the parameters alone shows at the end of the epoch', async () => {
    const poisoned: Loss = (y, t) => add(softmaxCrossEntropy(y, t), sum(sqrt(multiply(y, 0))));
    await expect(eventsOf({ ...base(net()), loss: poisoned, batchSize: 60, epochs: 1 })).rejects.toThrow(
      /finite parameter .* NaN in epoch 1, step 1/,
    );
  });

  test('of the validation loss shows', async () => {
    const validation = { inputs: [[Number.NaN, 0]], labels: [0] };
    await expect(eventsOf({ ...base(net()), validation })).rejects.toThrow(/finite validation loss/);
  });
});

describe('abort', () => {
  test('stops after the step under way with a checkpoint that continues', async () => {
    const straight = net();
    await eventsOf(base(straight));
    const controller = new AbortController();
    const events: FitEvent[] = [];
    for await (const event of fit({ ...base(net()), reportEverySteps: 1, signal: controller.signal })) {
      events.push(event);
      if (event.type === 'step' && event.step === 8) controller.abort();
    }
    expect(events.slice(-3).map(({ type }) => type)).toEqual(['step', 'checkpoint', 'end']);
    expect(events.at(-1)).toMatchObject({ reason: 'aborted', epoch: 3, step: 8 });
    const resumed = strange();
    await eventsOf({ ...base(resumed), resume: ofType(events, 'checkpoint')[0]?.bytes as Uint8Array });
    expect(bitsOf(resumed)).toEqual(bitsOf(straight));
  });

  test('before the first step trains nothing', async () => {
    const model = net();
    const before = bitsOf(model);
    const events = await eventsOf({ ...base(model), signal: AbortSignal.abort() });
    expect(events.map(({ type }) => type)).toEqual(['start', 'checkpoint', 'end']);
    expect(bitsOf(model)).toEqual(before);
  });
});

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

describe('losses', () => {
  const whole = { batchSize: 60, shuffle: false, epochs: 1, reportEverySteps: 1 };
  const plain = () => new Sequential([new Dense({ in: 2, out: 2 })], { seed: 4 });
  const labels = tensor(data.labels);

  test('class weights and label smoothing are those of softmaxCrossEntropy', async () => {
    const options = { classWeights: [0.2, 3], labelSmoothing: 0.1 };
    const [step] = ofType(await eventsOf({ ...base(plain()), ...whole, ...options }), 'step');
    const expected = scope(() =>
      softmaxCrossEntropy(plain().forward(tensor(data.inputs, [60, 2])), labels, {
        labelSmoothing: 0.1,
        classWeights: tensor([0.2, 3]),
      }).item(),
    );
    expect(step?.loss).toBe(expected);
  });

  test('numbers are fitted', async () => {
    const targets = Float32Array.from({ length: 60 }, (_, k) => 2 * (data.inputs[2 * k] as number) - 1);
    const model = new Sequential([new Dense({ in: 2, out: 1 })], { seed: 2 });
    const regression = { inputs: data.inputs, count: 60, targets };
    const options = { loss: meanSquaredError, metrics: { r2 }, validation: regression, epochs: 60 };
    const events = await eventsOf({
      ...base(model),
      ...options,
      data: regression,
      optimizer: adam({ learningRate: 0.05 }),
      batchSize: 10,
    });
    expect(ofType(events, 'epoch').at(-1)?.validation?.r2).toBeGreaterThan(0.999);
    const { data: y, shape } = await predict(model, [[0.5, 9]]);
    expect(shape).toEqual([1, 1]);
    expect(y[0]).toBeCloseTo(0, 1);
  });
});

test('a function as data gets the epoch; without stepsPerEpoch a schedule that ends refuses', async () => {
  const epochs: number[] = [];
  const batches = (epoch: number): Examples[] => {
    epochs.push(epoch);
    return [{ inputs: data.inputs, labels: data.labels }];
  };
  await expect(eventsOf({ ...base(net()), data: batches })).rejects.toThrow(/stepsPerEpoch/);
  epochs.length = 0;
  const events = await eventsOf({ ...base(net()), data: batches, optimizer: adam(), epochs: 3 });
  expect(epochs).toEqual([0, 1, 2]);
  expect(events[0]).toMatchObject({ type: 'start', steps: undefined });
  await expect(eventsOf({ ...base(net()), data: () => [], stepsPerEpoch: 1 })).rejects.toThrow(
    /batches in epoch 1/,
  );
});

test.each<[Partial<FitConfig>, RegExp]>([
  [{ epochs: -1 }, /epochs: a whole number ≥ 0, got -1/],
  [{ seed: 0.5 }, /seed: a whole number/],
  [{ batchSize: 0 }, /batchSize/],
  [{ reportEverySteps: 0 }, /reportEverySteps/],
  [{ checkpoint: { everySteps: 1.5 } }, /fit.checkpoint: expected everySteps/],
  [{ validation: 2 }, /validation share/],
  [{ data: () => [], validation: 0.1 }, /examples in memory only/],
  [{ loss: meanSquaredError, labelSmoothing: 0.1 }, /State them in your loss/],
  [{ labelSmoothing: 2 }, /labelSmoothing: a number from 0 to 1/],
  [{ classWeights: [1, Number.NaN] }, /classWeights: a number ≥ 0 for each class/],
  [{ earlyStopping: { patience: 1 } }, /validation examples with earlyStopping/],
  [{ validation: 0.1, earlyStopping: { patience: 0 } }, /patience/],
  [{ validation: 0.1, earlyStopping: { patience: 1, metric: 'x' } }, /metric among loss, got x/],
  [{ validation: 0.1, metrics: { errorRate }, earlyStopping: { patience: 1, metric: 'errorRate' } }, /goal/],
  [
    { optimizer: adam({ learningRate: () => Number.NaN }) },
    /schedule that gives a learning rate ≥ 0 at step 0/,
  ],
  [{ model: { forward: (x) => x, namedParameters: () => new Map() } }, /a model with parameters/],
])('configuration %# is refused, nothing trained', async (change, message) => {
  const model = net();
  const before = bitsOf(model);
  await expect(eventsOf({ ...base(model), ...change })).rejects.toThrow(message);
  expect(bitsOf(model)).toEqual(before);
});
