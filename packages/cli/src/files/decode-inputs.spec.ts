import { encodeIdx, type IdxArray } from '@funhash/datasets';
import { FunhashError } from '@funhash/hashing';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { type Asked, decodeInputs } from './decode-inputs.ts';

const pixels: Asked = { input: [28, 28, 1], dtype: 'u8', scale: [0, 1] };

function png(width: number, height: number, rgba: (k: number) => readonly number[]): Buffer {
  const picture = new PNG({ width, height });
  for (let k = 0; k < width * height; k++) picture.data.set(rgba(k), 4 * k);
  return PNG.sync.write(picture);
}
const grey = (width: number, height: number) => png(width, height, (k) => [k % 256, k % 256, k % 256, 255]);
const idx = (array: IdxArray) => encodeIdx(array);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const rows = (...shape: number[]): unknown =>
  shape.length === 0 ? 0.5 : Array.from({ length: shape[0] as number }, () => rows(...shape.slice(1)));

const refused = (bytes: Uint8Array, asked: Asked, message: RegExp) =>
  expect(decodeInputs(bytes, 'x', asked).catch((error: unknown) => error)).resolves.toSatisfy(
    (error) => error instanceof FunhashError && message.test(error.message),
    String(message),
  );

describe('pictures', () => {
  test('of the right size become the scale of the net', async () => {
    const { count, values } = await decodeInputs(grey(28, 28), 'x', pixels);
    expect(count).toBe(1);
    expect(values[200]).toBeCloseTo(200 / 255, 6);
    const signed = await decodeInputs(grey(28, 28), 'x', { ...pixels, scale: [-1, 1] });
    expect([signed.values[0], signed.values[255]]).toEqual([-1, 1]);
    expect((await decodeInputs(grey(28, 28), 'x', { input: [784] })).values).toEqual(values);
    expect((await decodeInputs(grey(14, 56), 'x', { input: [56, 14] })).count).toBe(1);
  });

  test('in colour where the net has three channels', async () => {
    const bytes = png(2, 1, () => [255, 0, 51, 255]);
    const { values } = await decodeInputs(bytes, 'x', { input: [1, 2, 3] });
    expect(Array.from(values)).toEqual([1, 0, 0.2, 1, 0, 0.2].map(Math.fround));
  });

  test.each([
    [14, 56],
    [56, 14],
    [784, 1],
    [1, 784],
    [27, 28],
  ])('of %s × %s are refused for a net of 28 × 28', async (width, height) => {
    await refused(grey(width, height), pixels, /28 wide and 28 high, got .* Scale the image/);
    await refused(grey(width, height), { input: [784] }, /28 wide and 28 high/);
  });

  test('are refused for nets whose inputs are none', async () => {
    await refused(grey(3, 4), { input: [12] }, /no picture/);
    await refused(grey(3, 4), { input: [4, 3, 2] }, /no picture/);
    await refused(grey(28, 28), { input: [28, 28], dtype: 'i32' }, /takes no pictures/);
  });

  test('of black strokes on a transparent ground need to be told what lies behind', async () => {
    const stroke = png(28, 28, (k) => [0, 0, 0, k === 5 ? 255 : 0]);
    await refused(stroke, pixels, /transparent pixel in column 0, row 0.*background: white \(255\)/);
    const { values } = await decodeInputs(stroke, 'x', pixels, { background: 255 });
    expect(Array.from(values.subarray(4, 7))).toEqual([1, 0, 1]);
  });
});

describe('IDX', () => {
  const data = Uint8Array.from({ length: 784 }, (_, k) => k);
  test.each([
    [[28, 28], 1],
    [[784], 1],
    [[1, 784], 1],
    [[1, 28, 28], 1],
    [[1, 28, 28, 1], 1],
    [[1, 1, 28, 28], 1],
  ])('bytes of shape %j are an input', async (shape, count) => {
    for (const asked of [pixels, { input: [784] }]) {
      const found = await decodeInputs(idx({ dtype: 'u8', shape, data }), 'x', asked);
      expect([found.count, found.values.length, found.values[100]]).toEqual([
        count,
        784,
        Math.fround(100 / 255),
      ]);
    }
  });

  test.each([[[14, 56]], [[1, 14, 56]], [[2, 14, 28]], [[7, 112]], [[0, 28, 28]]])(
    'of shape %j are refused',
    async (shape) => {
      const bytes = idx({ dtype: 'u8', shape, data: new Uint8Array(shape.reduce((a, b) => a * b)) });
      await refused(bytes, pixels, /inputs of 28 × 28 × 1 numbers/);
      await refused(bytes, { input: [784] }, /inputs of 784 numbers/);
    },
  );

  test('of whole numbers that are no bytes are refused where pixels are asked for', async () => {
    for (const array of [
      { dtype: 'i16', data: new Int16Array(784).fill(200) },
      { dtype: 'i32', data: new Int32Array(784) },
      { dtype: 'i8', data: new Int8Array(784) },
    ] as const) {
      const bytes = idx({ ...array, shape: [1, 784] } as IdxArray);
      await refused(bytes, pixels, /pixels as bytes \(u8\), or real numbers \(f32, f64\) from 0 to 1, got i/);
      expect((await decodeInputs(bytes, 'x', { input: [784], dtype: 'f32' })).count).toBe(1);
    }
  });

  test('of real numbers are taken as they are, within the scale', async () => {
    const inside = idx({ dtype: 'f32', shape: [1, 784], data: new Float32Array(784).fill(0.25) });
    expect((await decodeInputs(inside, 'x', pixels)).values[9]).toBe(0.25);
    for (const stranger of [255, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const bytes = idx({ dtype: 'f32', shape: [1, 784], data: new Float32Array(784).fill(stranger, 3, 4) });
      await refused(bytes, pixels, /numbers from 0 to 1.*as number 3/);
    }
    const infinite = idx({ dtype: 'f64', shape: [1, 2], data: Float64Array.of(0, Number.NaN) });
    await refused(infinite, { input: [2], dtype: 'f32' }, /that are finite/);
  });
});

describe('JSON', () => {
  test.each([
    [rows(784), 1],
    [rows(28, 28), 1],
    [rows(3, 784), 3],
    [rows(3, 28, 28), 3],
    [rows(3, 28, 28, 1), 3],
  ])('of the shape of the net', async (value, count) => {
    expect(await decodeInputs(json(value), 'x', pixels)).toMatchObject({ count });
  });

  test('of another shape, or of lists that are not equal, is refused with the place', async () => {
    for (const other of [rows(14, 56), rows(2 * 784), rows(783), rows(3, 14, 56), 0.5])
      await refused(json(other), pixels, /inputs of 28 × 28 × 1 numbers, or a list of them/);
    const ragged = rows(28, 28) as number[][];
    ragged[3]?.pop();
    await refused(json(ragged), pixels, /lists of equal length: 28 members at \[3\].*got 27/);
  });

  test('from 0 to 255 where 0 to 1 is asked for is refused with the remedy', async () => {
    const bytes = json(Array.from({ length: 784 }, (_, k) => k % 256));
    for (const asked of [pixels, { input: [784] }])
      await refused(
        bytes,
        asked,
        /numbers from 0 to 1.*got 2 as number 2.*Pixels from 0 to 255 become 0 \+ 1 · pixel \/ 255/,
      );
    expect((await decodeInputs(bytes, 'x', { input: [784], dtype: 'f32' })).values[255]).toBe(255);
    expect((await decodeInputs(bytes, 'x', { input: [784], scale: [0, 255] })).values[255]).toBe(255);
  });

  test('of whole numbers where the net takes those', async () => {
    const tokens = { input: [3], dtype: 'i32' } as const;
    expect((await decodeInputs(json([[1, 2, 3]]), 'x', tokens)).values).toEqual(Int32Array.of(1, 2, 3));
    await refused(json([[1, 2.5, 3]]), tokens, /whole numbers, got 2.5 as number 1/);
  });

  test('is told from what is none', async () => {
    await refused(Buffer.from([0x1f, 0x8b, 8, 0]), pixels, /a gzip file.*Unpack it first/);
    await refused(
      Buffer.from([0x9b, 0x32, 0x4a]),
      pixels,
      /a PNG, an IDX file or numbers in JSON, got a file that begins as none/,
    );
    await refused(Buffer.alloc(0), pixels, /the end of the text/);
  });
});
