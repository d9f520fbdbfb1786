import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { arange, empty, full, ones, tensor, zeros } from './create.ts';
import { DTypeError, MemoryError, ShapeError } from './errors.ts';

describe('tensor', () => {
  test('takes its shape from the nesting', () => {
    expect(tensor(5).shape).toEqual([]);
    expect(tensor([1, 2, 3]).shape).toEqual([3]);
    expect(
      tensor([
        [[1], [2]],
        [[3], [4]],
        [[5], [6]],
      ]).shape,
    ).toEqual([3, 2, 1]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });

  test('or from the argument', () => {
    expect(tensor([1, 2, 3, 4], [2, 2]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(new Float32Array(6), [3, 2]).shape).toEqual([3, 2]);
  });

  test('has the dtype of a typed array, else f32, else what is asked', () => {
    expect(tensor([1]).dtype).toBe('f32');
    const arrays = [new Float32Array(1), new Float64Array(1), new Int32Array(1), new Uint8Array(1)];
    expect(arrays.map((values) => tensor(values).dtype)).toEqual(['f32', 'f64', 'i32', 'u8']);
    expect(tensor(new Uint8Array([7]), [1], { dtype: 'f64' }).dataSync()).toEqual(Float64Array.of(7));
  });

  test('copies its values', () => {
    const values = Float32Array.of(1, 2);
    const made = tensor(values);
    values[0] = 9;
    expect(made.toArray()).toEqual([1, 2]);
  });

  test('refuses ragged nesting, wrong counts, and what is no number', () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(/ragged/);
    expect(() => tensor([1, [2]])).toThrow(ShapeError);
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow(/expected 4 values for shape \[2, 2\], got 3/);
    expect(() => tensor([1], [-1])).toThrow(ShapeError);
    for (const bad of ['5', null, undefined, {}, [['1']], [null], [[1], [true]], [new Float32Array(1)]])
      expect(() => tensor(bad as never)).toThrow(ArgumentError);
  });

  test('refuses arrays and dtypes that it does not know', () => {
    expect(() => tensor(new Int16Array([1000]) as never)).toThrow(/Int16Array/);
    expect(() => tensor(new Uint8ClampedArray(2) as never)).toThrow(DTypeError);
    expect(() => zeros([2], { dtype: 'f16' as never })).toThrow(DTypeError);
  });
});

test('full, zeros, ones, arange', () => {
  expect(full([2, 2], 3).toArray()).toEqual([
    [3, 3],
    [3, 3],
  ]);
  expect(zeros([2], { dtype: 'i32' }).dataSync()).toEqual(Int32Array.of(0, 0));
  expect(ones([]).item()).toBe(1);
  expect(arange(4, { dtype: 'i32' }).dataSync()).toEqual(Int32Array.of(0, 1, 2, 3));
  expect(zeros([3, 0]).toArray()).toEqual([[], [], []]);
  expect(() => zeros([1.5])).toThrow(ShapeError);
  expect(() => arange(-1)).toThrow(ShapeError);
  expect(() => empty([-2], 'f32')).toThrow(ShapeError);
});

test.each([
  [[1, undefined], 'got undefined at [1]'],
  [
    [
      [1, 2],
      [null, 4],
    ],
    'got null at [1, 0]',
  ],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused
  [[1, , 3], 'got undefined at [1]'],
  [[1n], 'got 1n at [0]'],
  [['x'], 'got x at [0]'],
  [[new Float32Array(2)], 'Make rows plain arrays, or all of them one typed array'],
  [[[1, 2], 3], 'got 3 in place of an array of 2 at [1]'],
  [[1, [2]], 'got an array of 1 in place of a number at [1]'],
  [undefined, 'got none'],
  ['x', 'got x'],
  [new Map(), 'got a Map'],
])('cells that are no numbers are refused with their place, case %#', (values, message) => {
  expect(() => tensor(values as never)).toThrow(message);
});

test('an array that contains itself is refused', () => {
  const circle: unknown[] = [];
  circle.push(circle);
  expect(() => tensor(circle as never)).toThrow('arrays nested at most 32 deep');
});

test('options in the place of the shape, and a number in that of a shape', () => {
  expect(() => tensor([1, 2], { dtype: 'i32' } as never)).toThrow('Options come third');
  expect(() => zeros(3 as never)).toThrow('Put it in brackets: [3].');
  expect(() => tensor([1], [1], { type: 'i32' } as never)).toThrow(
    'unknown option type; did you mean dtype?',
  );
});

test('what no memory could hold is refused before an array is made', () => {
  const most = 2 ** 32;
  for (const make of [
    () => arange(most),
    () => zeros([most]),
    () => ones([2 ** 16, 2 ** 16]),
    () => full([2 ** 30], 1, { dtype: 'f64' }),
    () => empty([2 ** 31, 3], 'u8'),
  ])
    expect(make).toThrow(MemoryError);
  expect(() => arange(most)).toThrow(
    'arange: expected at most 4294967296 bytes in one array, got 4294967296 elements of f32, 17179869184 bytes.',
  );
});

describe('dtypes of whole numbers', () => {
  test.each([2 ** 31, -(2 ** 31) - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'i32 refuses %f',
    (value) => {
      for (const make of [
        () => tensor([0, value], [2, 1], { dtype: 'i32' }),
        () => tensor(Float64Array.of(0, value), [2, 1], { dtype: 'i32' }),
      ])
        expect(make).toThrow(`for dtype i32, got ${value} at element [1, 0]`);
      expect(() => full([2], value, { dtype: 'i32' })).toThrow(
        `full: expected whole numbers from -2147483648 to 2147483647 for dtype i32, got ${value}.`,
      );
    },
  );

  test('u8 holds 0 to 255', () => {
    expect(tensor([0, 255], undefined, { dtype: 'u8' }).toArray()).toEqual([0, 255]);
    for (const value of [-1, 256, 0.5])
      expect(() => tensor([value], undefined, { dtype: 'u8' })).toThrow(`got ${value} at element [0]`);
    expect(() => tensor(Int32Array.of(300), undefined, { dtype: 'u8' })).toThrow(ArgumentError);
    expect(arange(256, { dtype: 'u8' }).size).toBe(256);
    expect(() => arange(257, { dtype: 'u8' })).toThrow('arange: expected whole numbers from 0 to 255');
  });

  test('the ends of i32, a scalar, and −0 are held', () => {
    const ends = [-(2 ** 31), 2 ** 31 - 1, -0];
    expect(tensor(ends, undefined, { dtype: 'i32' }).toArray()).toEqual([-(2 ** 31), 2 ** 31 - 1, 0]);
    expect(() => tensor(0.5, [], { dtype: 'i32' })).toThrow('0.5 at element []');
  });

  test('f32 takes the nearest, an infinite one beyond its range', () => {
    expect(tensor(Float64Array.of(1e300, 0.1), undefined, { dtype: 'f32' }).toArray()).toEqual([
      Number.POSITIVE_INFINITY,
      Math.fround(0.1),
    ]);
  });
});
