import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lifetimesOf, separateLayout, sharedLayout } from './layout.ts';
import type { Plan, PlanCall } from './plan.ts';

const dtypes = ['f32', 'i32', 'u8', 'f64'] as const;

/** Plans of copies from one temporary into another. */
const plans = fc
  .record({
    lengths: fc.array(
      fc.record({ length: fc.integer({ min: 0, max: 3000 }), dtype: fc.constantFrom(...dtypes) }),
      {
        minLength: 2,
        maxLength: 12,
      },
    ),
    pairs: fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 25 }),
    output: fc.nat(),
  })
  .map(({ lengths, pairs, output }): Plan => {
    const view = (buffer: number) => ({ buffer: buffer % lengths.length, shape: [], strides: [], offset: 0 });
    const calls = pairs.map(
      ([from, to]): PlanCall => ({ kernel: 'copy', args: [view(from), view(to)], part: 0 }),
    );
    return {
      version: 1,
      buffers: lengths.map(({ length, dtype }) => ({ kind: 'temporary', name: '', dtype, length })),
      programs: [],
      calls,
      parts: 1,
      numbers: {},
      words: 0,
      wordPlaces: [],
      outputs: { y: view(output) },
    };
  });

test.each([
  ['shared', sharedLayout, 256],
  ['separate', separateLayout, 0],
] as const)('%s: buffers that live at one time lie apart, with room behind them', (_, layoutOf, slack) => {
  fc.assert(
    fc.property(plans, (plan) => {
      const lifetimes = [...lifetimesOf(plan)];
      const { blocks, places } = layoutOf(plan);
      const bytes = { f32: 4, i32: 4, u8: 1, f64: 8 };
      const ranges = lifetimes.map(([number, lifetime]) => {
        const place = places.get(number);
        const buffer = plan.buffers[number];
        const block = blocks[place?.block ?? -1];
        if (!place || !buffer || !block) throw new Error('a temporary without a place');
        expect(block.dtype).toBe(buffer.dtype);
        const end = place.offset + buffer.length + slack / bytes[buffer.dtype];
        expect(end).toBeLessThanOrEqual(block.length);
        expect((place.offset * bytes[buffer.dtype]) % 64).toBe(0);
        return { ...lifetime, block: place.block, from: place.offset, to: Math.max(end, place.offset + 1) };
      });
      ranges.forEach((a, k) => {
        for (const b of ranges.slice(k + 1)) {
          const isTogether = a.block === b.block && a.first <= b.last && b.first <= a.last;
          expect(isTogether && a.from < b.to && b.from < a.to).toBe(false);
        }
      });
    }),
    { seed: 1, numRuns: 300 },
  );
});
