import { currentBackend, referenceBackend, tensor, useBackend } from '@funhash/tensor';
import { createBackend } from '@funhash/wasm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spread } from './spread.ts';

const backends = [referenceBackend, await createBackend({ threads: 1 })];

describe.each(backends.map((backend) => [backend.name, backend] as const))('%s', (_, backend) => {
  const before = currentBackend();
  beforeAll(async () => void (await useBackend(backend)));
  afterAll(async () => void (await useBackend(before)));
  test('an image lies among zeros, whatever memory held before, be its border filled alone or all of it', () => {
    const axis = fc.record({
      from: fc.integer({ min: 1, max: 60 }),
      before: fc.integer({ min: -3, max: 4 }),
      after: fc.integer({ min: -3, max: 4 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 }),
        fc.array(axis, { minLength: 1, maxLength: 2 }),
        fc.constantFrom(1, 3, 16),
        (batch, axes, channels) => {
          const extents = axes.map(({ from, before, after }) => Math.max(1, from + before + after));
          const shape = [batch, ...axes.map(({ from }) => from), channels];
          const size = shape.reduce((a, b) => a * b, 1);
          const target = [batch, ...extents, channels];
          const dirty = tensor(new Float32Array(target.reduce((a, b) => a * b, 1)).fill(Number.NaN), target);
          const x = tensor(
            Float32Array.from({ length: size }, (_, k) => k + 1),
            shape,
          );
          dirty.dispose();
          const found = spread(
            x,
            axes.map(({ before }, k) => ({ extent: extents[k] as number, start: before })),
          );
          expect(found.shape).toEqual(target);
          const values = found.dataSync();
          const strides = (of: readonly number[]): number[] =>
            of.map((_, k) => of.slice(k + 1).reduce((a, b) => a * b, 1));
          const [to, from] = [strides(target), strides(shape)];
          const wrong = Array.from(values).findIndex((value, at) => {
            const places = target.map((extent, k) => Math.floor(at / (to[k] as number)) % extent);
            const origin = places.map((place, k) =>
              k === 0 || k === target.length - 1 ? place : place - (axes[k - 1]?.before as number),
            );
            const isInside = origin.every((place, k) => place >= 0 && place < (shape[k] as number));
            return (
              value !==
              (isInside ? origin.reduce((sum, place, k) => sum + place * (from[k] as number), 1) : 0)
            );
          });
          expect(wrong).toBe(-1);
          if (found !== x) found.dispose();
          x.dispose();
        },
      ),
      { seed: 7, numRuns: 60 },
    );
  });
});
