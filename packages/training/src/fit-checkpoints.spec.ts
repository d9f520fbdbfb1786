import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { add, multiply, sqrt, sum } from '@funhash/autodiff';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DivergedError } from './errors.ts';
import { fit } from './fit.ts';
import type { FitEvent } from './fit-config.ts';
import { base, bitsOf, data, eventsOf, net, ofType, strange } from './fit-runs.spec-kit.ts';
import { type Loss, softmaxCrossEntropy } from './losses.ts';

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
