import { Dense, Sequential } from '@funhash/layers';
import { expect, test } from 'vitest';
import { predict } from './evaluate.ts';
import { fit } from './fit.ts';
import type { FitConfig } from './fit-config.ts';
import { meanSquaredError } from './losses.ts';
import { adam } from './optimizers/adam.ts';
import { recipe } from './recipe.ts';

test('the recipe is Adam with relative steps, warm-up and cosine', () => {
  const { optimizer, schedule, batchSize } = recipe();
  expect(optimizer).toMatchObject({ rule: 'adam', options: { learningRate: 0.27, relativeStep: true } });
  expect(schedule(60, 2000)).toBe(1);
  expect(schedule(2000, 2000)).toBe(0);
  expect(batchSize).toBe(100);
  expect(recipe({ rho: 0.1, steps: 100 }).optimizer.options.learningRate).toBe(0.1);
  expect(recipe({ steps: 100 }).schedule(100)).toBe(0);
});

test('fit uses it when told nothing else', async () => {
  const rates = async (change: Partial<FitConfig>): Promise<number[]> => {
    const model = new Sequential([new Dense({ in: 1, out: 2 })], { seed: 1 });
    const data = { inputs: new Float32Array(300), labels: new Int32Array(300) };
    const found: number[] = [];
    for await (const event of fit({ model, data, epochs: 10, reportEverySteps: 1, ...change }))
      if (event.type === 'step') found.push(event.learningRate);
    return found;
  };
  const { optimizer, schedule } = recipe();
  const expected = Array.from({ length: 30 }, (_, step) => 0.27 * schedule(step, 30));
  expect(await rates({})).toEqual(expected);
  expect(await rates(recipe())).toEqual(expected);
  expect(await rates({ optimizer })).toEqual(Array(30).fill(0.27));
});

test('of a short run that fits numbers: relative steps do not reach the bias, the optimiser of the guide does', async () => {
  const xs = [-1, 0, 1, 2, 3, 4];
  const data = { inputs: xs.map((x) => [x]), targets: xs.map((x) => 2 * x - 1) };
  const fitted = async (change: Partial<FitConfig>): Promise<{ answer: number; bias: number }> => {
    const model = new Sequential([new Dense({ in: 1, out: 1 })], { seed: 1 });
    await fit({ model, data, epochs: 250, loss: meanSquaredError, ...change });
    const [, bias] = model.parameters();
    const { data: answers } = await predict(model, [[10]]);
    return { answer: answers[0] as number, bias: bias?.value.item() as number };
  };
  for (const rho of [0.1, 0.27]) {
    const { bias } = await fitted(recipe({ rho }));
    expect(Math.abs(bias)).toBeLessThan(rho * 250 * 0.03 * 0.55);
    expect(Math.abs(bias + 1)).toBeGreaterThan(0.1);
  }
  const { answer } = await fitted({ optimizer: adam({ learningRate: 0.1 }) });
  expect(answer).toBeCloseTo(19, 1);
});
