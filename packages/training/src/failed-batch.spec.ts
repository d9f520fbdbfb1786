import { BatchNorm, Dense, Dropout, hashedNet, type Module, Sequential } from '@funhash/layers';
import { type Tensor, useBackend } from '@funhash/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { valuesIn } from './earlier-runs.spec-kit.ts';
import { DivergedError } from './errors.ts';
import type { Examples } from './examples.ts';
import { fit } from './fit.ts';
import { spirals } from './fit-runs.spec-kit.ts';
import { type Loss, softmaxCrossEntropy } from './losses.ts';
import { adam } from './optimizers/adam.ts';

/** A step is whole: one that fails leaves parameters, running statistics, the optimiser and all chance as they were. */

const net = (): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: 8, weight: hashedNet({ ratio: 1 / 2 }) }),
      new BatchNorm({ channels: 8, activation: 'relu' }),
      new Dropout({ rate: 0.3 }),
      new Dense({ in: 8, out: 2 }),
    ],
    { seed: 1 },
  );

const boom = (): Tensor => {
  throw new Error('boom');
};
const scaled = (by: number): Examples => {
  const { inputs, labels } = spirals(10, 7);
  return { inputs: inputs.map((x, k) => (k === 9 ? by * Math.abs(x) : x)), labels };
};
const labelled = (labels: Int32Array): Examples => ({ inputs: spirals(10, 7).inputs, labels });

/** What is wrong with the third batch of the second epoch, and what is said. */
const faults: Readonly<Record<string, { examples?: Examples; loss?: Loss; message: RegExp }>> = {
  'NaN in a batch': { examples: scaled(Number.NaN), message: /finite loss, got NaN in epoch 2, step 6/ },
  'a variance beyond f32, the loss finite': {
    examples: scaled(1e30),
    message: /finite parameter 1\.variance, got Infinity in epoch 2, step 6/,
  },
  'a loss that throws': { loss: boom, message: /boom/ },
  'a label that is no class': {
    examples: labelled(Int32Array.from({ length: 10 }, (_, k) => k % 3)),
    message: /ArgumentError|ShapeError/,
  },
  'inputs of another width': {
    examples: { inputs: new Float32Array(30), labels: new Int32Array(10) },
    message: /Dense 2 → 8/,
  },
  'one example, of which there is no variance': {
    examples: { inputs: new Float32Array(2), labels: [0] },
    message: /at least 2 values/,
  },
};

async function train(model: Module, fault: { examples?: Examples; loss?: Loss } = {}, resume?: Uint8Array) {
  let step = 0;
  let [before, saved]: [unknown, Uint8Array] = [undefined, new Uint8Array()];
  const events = fit({
    model,
    data: (epoch) =>
      [0, 1, 2].map((k) =>
        fault.examples && epoch === 1 && k === 2 ? fault.examples : spirals(10, 10 * epoch + k),
      ),
    stepsPerEpoch: 3,
    epochs: 3,
    optimizer: adam({ learningRate: 0.05, clipNorm: 1 }),
    loss: (y, t) => (step === 5 && fault.loss ? fault.loss : softmaxCrossEntropy)(y, t),
    checkpoint: { everySteps: 1 },
    reportEverySteps: 1,
    ...(resume && { resume }),
  });
  const losses: number[] = [];
  let error: unknown;
  try {
    for await (const event of events) {
      if (event.type === 'step') losses.push(event.loss);
      if (event.type !== 'checkpoint' || event.step > 5) continue;
      [step, before, saved] = [event.step, valuesIn(model), event.bytes];
    }
  } catch (cause) {
    error = cause;
  }
  return { error, before, saved, losses };
}

describe.each([
  ['reference', {}],
  ['wasm', { threads: 1 }],
  ['wasm', { threads: 2 }],
] as const)('%s %j', (name, options) => {
  beforeAll(async () => void (await useBackend(name as 'wasm', options)));

  test.each(Object.entries(faults))('%s', async (_, fault) => {
    const straight = net();
    const whole = await train(straight);
    expect(whole.error).toBeUndefined();

    const model = net();
    const failed = await train(model, fault);
    expect(String(failed.error)).toMatch(fault.message);
    if (/finite/.test(String(failed.error))) expect(failed.error).toBeInstanceOf(DivergedError);
    expect(failed.losses).toEqual(whole.losses.slice(0, 5));
    expect(valuesIn(model)).toEqual(failed.before);

    // Dropout of the retried step, the optimiser and its count are those of a run without the fault.
    const retried = await train(model, {}, failed.saved);
    expect(retried.losses).toEqual(whole.losses.slice(5));
    expect(valuesIn(model)).toEqual(valuesIn(straight));
  });
});

test('a first step that fails leaves a model that still does not know its inputs', async () => {
  const model = net();
  const broken = {
    inputs: [
      [Number.NaN, 1],
      [1, 1],
    ],
    labels: [0, 1],
  };
  const run = async () => {
    for await (const _ of fit({ model: model, data: broken, epochs: 1 }));
  };
  await expect(run()).rejects.toThrow(DivergedError);
  expect(model.signature).toBeUndefined();
});
