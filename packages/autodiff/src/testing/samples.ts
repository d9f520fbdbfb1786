import type { Shape } from '@funhash/tensor';
import fc from 'fast-check';

/** One call of an op: the shapes of its tensors, and what it takes behind them. */
export interface OpSample<S extends readonly Shape[], P extends readonly unknown[] = readonly []> {
  readonly shapes: S;
  readonly parameters: P;
}

/** Shapes of rank 0 to 3 with extents 0 to 3, or as said: small, so that central differences are cheap. */
export function anyShape({ minRank = 0, maxRank = 3, minExtent = 0 } = {}): fc.Arbitrary<number[]> {
  // Extent 0 seldom: what it is part of has no elements and shows little.
  const extent = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: Math.max(1, minExtent), max: 3 }) },
    { weight: minExtent > 0 ? 0 : 1, arbitrary: fc.constant(0) },
  );
  return fc.array(extent, { minLength: minRank, maxLength: maxRank });
}

/** One tensor of any shape. */
export function oneShape(): fc.Arbitrary<OpSample<readonly [Shape]>> {
  return anyShape().map((shape) => ({ shapes: [shape], parameters: [] }));
}

/** Two tensors whose shapes broadcast: axes left out in front, extents of 1. */
export function twoShapes(): fc.Arbitrary<OpSample<readonly [Shape, Shape]>> {
  return anyShape().chain((whole) =>
    fc.tuple(broadcastTo(whole), broadcastTo(whole)).map((shapes) => ({ shapes, parameters: [] as const })),
  );
}

/** Three tensors whose shapes broadcast. */
export function threeShapes(): fc.Arbitrary<OpSample<readonly [Shape, Shape, Shape]>> {
  return anyShape().chain((whole) =>
    fc
      .tuple(broadcastTo(whole), broadcastTo(whole), broadcastTo(whole))
      .map((shapes) => ({ shapes, parameters: [] as const })),
  );
}

function broadcastTo(whole: Shape): fc.Arbitrary<Shape> {
  const isOne = fc.array(fc.integer({ min: 0, max: 3 }), {
    minLength: whole.length,
    maxLength: whole.length,
  });
  return fc
    .tuple(fc.integer({ min: 0, max: 3 * whole.length }), isOne)
    .map(([dropped, ones]) =>
      whole
        .map((extent, axis) => (ones[axis] === 0 ? 1 : extent))
        .slice(dropped > whole.length ? 0 : dropped),
    );
}
