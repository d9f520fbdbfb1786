import { gradientsOf, sum } from '@funhash/autodiff';
import { createBackend } from '@funhash/gpu';
import { createWeight, hashedNet, type Weight } from '@funhash/space';
import { type Tensor, tensor, useBackend } from '@funhash/tensor';
import { expect, test } from 'vitest';

test.each([
  ['virtualMatmul', (x: Tensor, weight: Weight) => weight.matmul(x)],
  [
    'virtualFold',
    (x: Tensor, weight: Weight) => {
      const stored = weight.parameters.map(({ value }) => value);
      const [, [gradient]] = gradientsOf(() => sum(weight.matmul(x)), stored);
      return gradient as Tensor;
    },
  ],
])(
  '%s of four times the rows takes no more memory than its vectors do, and gives the same',
  async (_, run) => {
    const stripEntries = 4096;
    const cols = 128;
    const measured = async (rows: number): Promise<{ bytes: number; values: ArrayLike<number> }> => {
      const backend = await createBackend({ mode: 'cpu', stripEntries });
      await useBackend(backend, { strict: true });
      const weight = createWeight(hashedNet({ values: 64 }), { rows, cols, seed: 1 });
      const x = tensor(
        Float32Array.from({ length: 2 * cols }, (_, k) => Math.sin(k)),
        [2, cols],
      );
      const values = await run(x, weight).data();
      const bytes = backend.counters().mostArrayBytes;
      await backend.close();
      return { bytes, values };
    };
    try {
      const [small, large] = [await measured(256), await measured(1024)];
      // The results of the products, their strips beside them, and cotangents: what grows is 4 bytes a row and example.
      expect(large.bytes - small.bytes).toBeLessThan(4 * 2 * 768 * 4);
      // V of the larger alone would take as much.
      expect(large.bytes).toBeLessThan(1024 * cols * 4);
      await useBackend('reference');
      const weight = createWeight(hashedNet({ values: 64 }), { rows: 1024, cols, seed: 1 });
      const x = tensor(
        Float32Array.from({ length: 2 * cols }, (_, k) => Math.sin(k)),
        [2, cols],
      );
      const wanted = run(x, weight).dataSync();
      expect(large.values.length).toBe(wanted.length);
      wanted.forEach((value, k) => {
        expect(Math.abs((large.values[k] as number) - value)).toBeLessThan(
          1e-3 * Math.max(1, Math.abs(value)),
        );
      });
    } finally {
      await useBackend('reference');
    }
  },
);
