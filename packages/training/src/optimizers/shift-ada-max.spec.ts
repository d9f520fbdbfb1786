import { Parameter } from '@funhash/space';
import { scope, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import fixtures from './shift-ada-max.fixtures.json' with { type: 'json' };
import { shiftAdaMax } from './shift-ada-max.ts';

const tolerance = { f64: 1e-13, f32: 1e-6 };

test.each(fixtures.cases)('steps as numpy: $options', async ({ options, ...traces }) => {
  for (const dtype of ['f64', 'f32'] as const) {
    const parameter = new Parameter('w', tensor(fixtures.start, [12], { dtype }));
    const bound = await shiftAdaMax(options).create(new Map([['w', parameter]]));
    for (const [step, gradient] of fixtures.gradients.entries()) {
      scope(() => bound.update([tensor(gradient, [12], { dtype })]));
      const expected = traces[dtype][step] as number[];
      const worst = Math.max(
        ...[...parameter.value.dataSync()].map((x, k) => Math.abs(x - (expected[k] as number))),
      );
      expect(worst, `${dtype} after step ${step + 1}`).toBeLessThan(tolerance[dtype]);
    }
    bound.dispose();
  }
});

test('a step is a power of two times the running mean of gradients', async () => {
  const parameter = new Parameter('w', tensor([0, 0, 0], [3], { dtype: 'f64' }));
  const bound = await shiftAdaMax({ learningRate: 0.3, beta1: 0 }).create(new Map([['w', parameter]]));
  const gradient = [3, -0.7, 1e-9];
  scope(() => bound.update([tensor(gradient, [3], { dtype: 'f64' })]));
  parameter.value.dataSync().forEach((w, k) => {
    expect(Number.isInteger(Math.log2(-w / (gradient[k] as number)))).toBe(true);
  });
});
