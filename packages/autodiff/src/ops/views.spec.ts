import { random } from '@funhash/hashing';
import { memory, type Shape, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradientsOf } from '../grad.ts';
import { anyShape, type OpSample, oneShape, opLaws } from '../testing.ts';
import { multiply, square } from './pointwise.ts';
import { sum } from './reduce.ts';
import * as views from './views.ts';

const numbers = (...shape: number[]): Tensor =>
  tensor(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => k),
    shape,
  );

type One<P extends readonly unknown[]> = fc.Arbitrary<OpSample<readonly [Shape], P>>;

/** A shape, and parameters drawn for it. */
function withParameters<const P extends readonly unknown[]>(
  draw: (shape: Shape) => fc.Arbitrary<P>,
  options?: Parameters<typeof anyShape>[0],
): One<P> {
  return anyShape(options).chain((shape) =>
    draw(shape).map((parameters) => ({ shapes: [shape] as const, parameters })),
  );
}

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const axisOf = (rank: number): fc.Arbitrary<number> => fc.integer({ min: -rank, max: rank - 1 });

describe('laws', () => {
  // Squared, so that gradients of gradients are not 0.
  const reshaped = (x: Tensor): Tensor => square(views.reshape(x, [x.size]));
  for (const law of opLaws('reshape', reshaped, oneShape())) test(law.name, law.check);

  const permuted = withParameters((shape) =>
    upTo(1000).map((seed) => [Array.from(random(seed).permutation(shape.length))] as const),
  );
  const transpose = (x: Tensor, order: readonly number[]): Tensor => square(views.transpose(x, order));
  for (const law of opLaws('transpose', transpose, permuted)) test(law.name, law.check);

  const grown = anyShape({ minExtent: 1, maxRank: 2 }).chain((shape) =>
    fc.tuple(upTo(2), upTo(3)).map(([lead, extent]) => ({
      shapes: [shape] as const,
      parameters: [
        [...new Array<number>(lead).fill(2), ...shape.map((e) => (e === 1 ? extent : e))],
      ] as const,
    })),
  );
  const broadcast = (x: Tensor, shape: Shape): Tensor => square(views.broadcastTo(x, shape));
  for (const law of opLaws('broadcastTo', broadcast, grown)) test(law.name, law.check);

  const summed = withParameters((shape) =>
    fc
      .tuple(upTo(shape.length), upTo(7))
      .map(([lead, ones]) => [shape.map((e, k) => ((ones >> k) & 1 ? 1 : e)).slice(lead)] as const),
  );
  const sumTo = (x: Tensor, shape: Shape): Tensor => square(views.sumTo(x, shape));
  for (const law of opLaws('sumTo', sumTo, summed)) test(law.name, law.check);

  const windows = withParameters((shape) =>
    fc.tuple(...shape.map((extent) => fc.tuple(upTo(extent), upTo(extent)))).map((pairs) => {
      const starts = pairs.map(([a, b]) => Math.min(a, b));
      return [starts, pairs.map(([a, b], k) => Math.max(a, b) - (starts[k] as number))] as const;
    }),
  );
  const slice = (x: Tensor, starts: Shape, sizes: Shape): Tensor => square(views.windowAt(x, starts, sizes));
  for (const law of opLaws('slice', slice, windows)) test(law.name, law.check);

  const padded = withParameters((shape) =>
    fc.tuple(
      fc.array(fc.tuple(upTo(2), upTo(2)), { minLength: shape.length, maxLength: shape.length }),
      fc.constantFrom(0, 1.5),
    ),
  );
  const pad = (
    x: Tensor,
    ...[amounts, value]: Parameters<typeof views.padWith> extends [unknown, ...infer P] ? P : never
  ) => square(views.padWith(x, amounts, value));
  for (const law of opLaws('pad', pad, padded)) test(law.name, law.check);

  const triples = anyShape({ minRank: 1 }).chain((shape) =>
    fc.tuple(axisOf(shape.length), upTo(2), upTo(2)).map(([axis, second, third]) => {
      const along = axis < 0 ? axis + shape.length : axis;
      const shapes = [shape, shape.with(along, second), shape.with(along, third)] as const;
      return { shapes: shapes as readonly [Shape, Shape, Shape], parameters: [axis] as const };
    }),
  );
  const concat = (x: Tensor, y: Tensor, z: Tensor, axis: number): Tensor =>
    square(views.concat([x, y, z], axis));
  for (const law of opLaws('concat', concat, triples)) test(law.name, law.check);

  const pairs = anyShape({ maxRank: 2 }).chain((shape) =>
    axisOf(shape.length + 1).map((axis) => ({
      shapes: [shape, shape] as readonly [Shape, Shape],
      parameters: [axis] as const,
    })),
  );
  const stack = (x: Tensor, y: Tensor, axis: number): Tensor => square(views.stack([x, y], axis));
  for (const law of opLaws('stack', stack, pairs)) test(law.name, law.check);

  const rows = withParameters((shape) => fc.tuple(axisOf(shape.length)), { minRank: 1 });
  const unstack = (x: Tensor, axis: number): Tensor => {
    const parts = views.unstack(x, axis);
    return parts.reduce(
      (product, part) => multiply(product, part),
      tensor(new Float64Array([1]), [], { dtype: x.dtype }),
    );
  };
  for (const law of opLaws('unstack', unstack, rows)) test(law.name, law.check);

  const flatten = (x: Tensor, axis: number): Tensor => square(views.flatten(x, axis));
  for (const law of opLaws('flatten', flatten, rows)) test(law.name, law.check);
});

describe('values', () => {
  test('reshape fills one extent, copies only what is strided', () => {
    const x = numbers(2, 6);
    expect(views.reshape(x, [3, -1]).toArray()).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
    expect(views.reshape(x, [12]).buffer).toBe(x.buffer);
    expect(views.reshape(views.transpose(numbers(2, 2)), [4]).toArray()).toEqual([0, 2, 1, 3]);
  });

  test('disposing the reshape of a strided tensor frees its copy', () => {
    const x = views.transpose(numbers(2, 3));
    const before = memory().buffers;
    views.reshape(x, [6]).dispose();
    expect(memory().buffers).toBe(before);
  });

  test('transpose reverses axes, counts from the back', () => {
    expect(views.transpose(numbers(2, 3, 4)).shape).toEqual([4, 3, 2]);
    expect(views.transpose(numbers(2, 3, 4), [0, -1, -2]).shape).toEqual([2, 4, 3]);
  });

  test('squeeze, expandDims, flatten', () => {
    expect(views.squeeze(numbers(1, 2, 1)).shape).toEqual([2]);
    expect(views.squeeze(numbers(1, 2, 1), [-1]).shape).toEqual([1, 2]);
    expect(views.expandDims(numbers(2), -1).shape).toEqual([2, 1]);
    expect(views.flatten(numbers(2, 3, 4), 1).shape).toEqual([2, 12]);
    expect(views.flatten(numbers()).shape).toEqual([1]);
  });

  test('split into equal parts and by extents; unstack', () => {
    const x = numbers(2, 4);
    expect(views.split(x, 2, 1).map((part) => part.toArray())).toEqual([
      [
        [0, 1],
        [4, 5],
      ],
      [
        [2, 3],
        [6, 7],
      ],
    ]);
    expect(views.split(x, [3, 0, 1], -1).map((part) => part.shape)).toEqual([
      [2, 3],
      [2, 0],
      [2, 1],
    ]);
    expect(views.unstack(x).map((part) => part.toArray())).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(views.stack(views.unstack(x, 1), 1).toArray()).toEqual(x.toArray());
  });

  test('the gradient of one part of a split is zero elsewhere', () => {
    const x = numbers(4);
    const [, [g]] = gradientsOf(() => sum(square(views.split(x, 2)[1] as Tensor)), [x]);
    expect(g?.toArray()).toEqual([0, 0, 4, 6]);
  });
});

describe('errors name the op and the shapes', () => {
  const x = numbers(2, 3);
  test.each<[string, () => unknown, RegExp]>([
    ['reshape to another size', () => views.reshape(x, [4]), /reshape: .*\[2, 3\] to \[4\]/],
    ['reshape with two unknowns', () => views.reshape(x, [-1, -1]), /reshape/],
    ['reshape to negative extents', () => views.reshape(x, [-2, -3]), /reshape/],
    ['reshape of nothing to an unknown', () => views.reshape(numbers(0), [0, -1]), /reshape/],
    ['reshape that does not divide', () => views.reshape(x, [4, -1]), /reshape/],
    ['transpose with an axis twice', () => views.transpose(x, [0, 0]), /transpose: .*\[0, 0\]/],
    ['transpose with too few axes', () => views.transpose(x, [0]), /transpose/],
    ['transpose with a strange axis', () => views.transpose(x, [0, 2]), /transpose/],
    ['broadcastTo a smaller shape', () => views.broadcastTo(x, [3]), /broadcastTo: .*\[2, 3\].*\[3\]/],
    ['broadcastTo another extent', () => views.broadcastTo(x, [2, 4]), /broadcastTo/],
    ['sumTo what does not broadcast', () => views.sumTo(x, [3, 2]), /sumTo: .*\[2, 3\].*\[3, 2\]/],
    ['squeeze of an extent', () => views.squeeze(x, [0]), /squeeze: .*\[2, 3\]/],
    ['expandDims beyond the rank', () => views.expandDims(x, 3), /expandDims/],
    ['slice outside', () => views.windowAt(x, [0, 1], [2, 3]), /slice: .*\[2, 3\].*starts \[0, 1\]/],
    ['slice with too few starts', () => views.windowAt(x, [0], [2]), /slice/],
    ['slice at fractions', () => views.windowAt(x, [0, 0], [2, 1.5]), /slice/],
    [
      'pad by negative amounts',
      () =>
        views.padWith(x, [
          [-1, 0],
          [0, 0],
        ]),
      /pad: .*2 axes/,
    ],
    [
      'pad at fractions',
      () =>
        views.padWith(x, [
          [0.5, 0.5],
          [0, 0],
        ]),
      /pad/,
    ],
    ['pad of too few axes', () => views.padWith(x, [[0, 0]]), /pad/],
    ['concat of other extents', () => views.concat([x, numbers(2, 2)]), /concat: .*\[2, 3\].*\[2, 2\]/],
    ['split into parts that do not fit', () => views.split(x, 2, 1), /split: .*2 parts/],
    ['split into extents of another sum', () => views.split(x, [1, 1], 1), /split: .*sum 3.*\[1, 1\]/],
    ['split into no parts', () => views.split(x, 0), /split/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });

  test('concat of nothing', () => {
    expect(() => views.concat([])).toThrow(/concat: expected at least one tensor/);
  });
});

test('extents of 1 come and go without a copy, also where elements are broadcast or strided', () => {
  const spread = views.broadcastTo(numbers(1), [4]);
  const column = views.expandDims(spread, -1);
  expect([column.buffer === spread.buffer, column.shape, column.toArray()]).toEqual([
    true,
    [4, 1],
    [[0], [0], [0], [0]],
  ]);
  const strided = views.transpose(numbers(2, 1, 3));
  const squeezed = views.squeeze(strided);
  expect([squeezed.buffer === strided.buffer, squeezed.toArray()]).toEqual([
    true,
    [
      [0, 3],
      [1, 4],
      [2, 5],
    ],
  ]);
});
