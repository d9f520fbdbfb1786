import { Parameter } from '@funhash/space';
import { scope, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import type { Optimizer, OptimizerOptions } from '../optimizer.ts';
import fixtures from './optimizers.fixtures.json' with { type: 'json' };

const { shapes, learningRate } = fixtures;
const tolerance = { f64: 1e-13, f32: 2e-6 };

/** Tests of one rule: its steps are those of PyTorch. */
export function testAgainstPyTorch(create: (options: OptimizerOptions) => Optimizer): void {
  const cases = fixtures.cases.filter(({ rule }) => rule === create({}).rule);
  test.each(cases)('steps as PyTorch: $options', async ({ options, ...traces }) => {
    for (const dtype of ['f64', 'f32'] as const) {
      const parameters = fixtures.start.map(
        (values, k) => new Parameter(`p${k}`, tensor(values, shapes[k] as number[], { dtype })),
      );
      const bound = await create({ learningRate, ...options }).create(
        new Map(parameters.map((p) => [p.name, p])),
      );
      fixtures.gradients.forEach((gradients, step) => {
        scope(() => bound.update(gradients.map((g, k) => tensor(g, shapes[k] as number[], { dtype }))));
        const expected = traces[dtype][step]?.flat() as number[];
        const actual = parameters.flatMap(({ value }) => Array.from(value.dataSync()));
        const worst = Math.max(...actual.map((x, k) => Math.abs(x - (expected[k] as number))));
        expect(worst, `${dtype} after step ${step + 1}`).toBeLessThan(tolerance[dtype]);
      });
      bound.dispose();
    }
  });
}
