import { add, multiply, sqrt, sum } from '@funhash/autodiff';
import { describe, expect, test } from 'vitest';
import { DivergedError } from './errors.ts';
import { fit } from './fit.ts';
import { base, bitsOf, data, eventsOf, net } from './fit-runs.spec-kit.ts';
import { type Loss, softmaxCrossEntropy } from './losses.ts';

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
