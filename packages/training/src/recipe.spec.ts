import { Dense, Sequential } from '@funhash/layers';
import { expect, test } from 'vitest';
import { fit } from './fit.ts';
import type { FitConfig } from './fit-config.ts';
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
