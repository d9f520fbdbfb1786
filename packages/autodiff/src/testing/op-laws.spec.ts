import { assign, contiguousStrides, keep, runReduce, type Tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { stopGradient } from '../grad.ts';
import { cast } from '../ops/index-ops.ts';
import { add, multiply, sin, square } from '../ops/pointwise.ts';
import { sumTo } from '../ops/views.ts';
import { recorded, withoutTape } from '../tape.ts';
import { opLaws } from './op-laws.ts';
import { oneShape, twoShapes } from './samples.ts';

type Vjp = (g: Tensor, x: Tensor) => Tensor;

/** x² with a vjp of the caller's. */
const squareBy =
  (vjp: Vjp) =>
  (x: Tensor): Tensor =>
    recorded(
      [x],
      withoutTape(() => square(x)),
      (g) => [vjp(g, x)],
    );

const right: Vjp = (g, x) => multiply(g, multiply(x, 2));

const flawed: Record<string, { op: (x: Tensor) => Tensor; caughtBy: string }> = {
  'the wrong sign': {
    op: squareBy((g, x) => multiply(g, multiply(x, -2))),
    caughtBy: 'gradients of both orders equal central differences',
  },
  'a missing factor': {
    op: squareBy((g, x) => multiply(g, x)),
    caughtBy: 'gradients of both orders equal central differences',
  },
  'a vjp that is not recorded': {
    op: squareBy((g, x) => withoutTape(() => right(g, x))),
    caughtBy: 'gradients of both orders equal central differences',
  },
  'a vjp blind to the input': {
    op: squareBy((g, x) => right(g, stopGradient(x))),
    caughtBy: 'gradients of both orders equal central differences',
  },
  'a vjp blind to the cotangent': {
    op: squareBy((g, x) => right(stopGradient(g), x)),
    caughtBy: 'gradients nest',
  },
  'a vjp that squares the cotangent': {
    op: squareBy((g, x) => right(square(g), x)),
    caughtBy: 'the vjp is linear in the cotangent',
  },
  'a gradient of the wrong shape': {
    op: squareBy((g, x) => sumTo(right(g, x), [])),
    caughtBy: 'gradients have the shape and dtype of their inputs',
  },
  'a result of another dtype': {
    op: (x) => cast(square(x), 'f64'),
    caughtBy: 'gradients have the shape and dtype of their inputs',
  },
  'memory read without strides': {
    op: (x) => square(x.size > 0 ? x.view(x.shape, contiguousStrides(x.shape), x.offset) : x),
    caughtBy: 'strided inputs give equal results',
  },
  'an input overwritten': {
    op: (x) => {
      const y = square(x);
      assign(x, stopGradient(y));
      return y;
    },
    caughtBy: 'inputs are left alone',
  },
  'a tensor kept': {
    op: (x) => {
      if (x.size > 0) keep(runReduce('sum', x, []));
      return square(x);
    },
    caughtBy: 'nothing outlives a scope',
  },
  'an f32 kernel that computes something else': {
    op: (x) => multiply(square(x), x.dtype === 'f32' ? 1.001 : 1),
    caughtBy: 'f32 is near f64',
  },
};

describe('laws hold for ops that are right', () => {
  for (const law of opLaws('square', squareBy(right), oneShape())) test(law.name, law.check);
  const scaled = (x: Tensor, y: Tensor, factor: number): Tensor => multiply(multiply(x, sin(y)), factor);
  const sample = twoShapes().map(({ shapes }) => ({ shapes, parameters: [3] as const }));
  for (const law of opLaws('scaled', scaled, sample)) test(law.name, law.check);
});

describe('laws catch', () => {
  test.each(Object.entries(flawed))('%s', (_, { op, caughtBy }) => {
    const law = opLaws('op', op, oneShape()).find(({ name }) => name === `op: ${caughtBy}`);
    expect(() => law?.check()).toThrow(/op: .*expected.*shapes/s);
  });

  test('a gradient that depends on what else is watched', () => {
    const op = (x: Tensor, y: Tensor): Tensor =>
      recorded(
        [x, y],
        withoutTape(() => add(x, y)),
        (g, needed) => [sumTo(needed(1) ? g : multiply(g, 2), x.shape), sumTo(g, y.shape)],
      );
    const laws = opLaws('op', op, twoShapes());
    expect(() => laws.find(({ name }) => name.includes('only what is watched'))?.check()).toThrow(/alone/);
  });
});
