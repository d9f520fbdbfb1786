import { ArgumentError } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { arraysOf, type Examples, inputsOf, splitExamples, takeRows } from './examples.ts';

test('flat, nested and byte inputs', () => {
  const flat = arraysOf({ inputs: Float32Array.of(1, 2, 3, 4, 5, 6), labels: [0, 1] });
  expect(flat).toMatchObject({ count: 2, inputs: { shape: [2, 3] }, targets: { shape: [2] } });
  const nested = arraysOf({ inputs: [[[1, 2]], [[3, 4]], [[5, 6]]], targets: [1, 2, 3] });
  expect(nested).toMatchObject({ count: 3, inputs: { shape: [3, 1, 2] }, targets: { shape: [3, 1] } });
  const images = arraysOf({
    inputs: Uint8Array.of(0, 255, 51, 102),
    labels: Uint8Array.of(3),
    inputShape: [1, 2, 2],
  });
  expect(images.inputs.shape).toEqual([1, 1, 2, 2]);
  const { inputs, targets } = takeRows(images, [0], 'f64');
  expect([...inputs.data]).toEqual([0, 1, 0.2, 0.4]);
  expect(targets.data).toEqual(Int32Array.of(3));
});

test('rows are taken in the wanted order and precision; integers stay', () => {
  const all = arraysOf({ inputs: Int32Array.of(1, 2, 3, 4, 5, 6), targets: Float64Array.of(0.1, 0.2, 0.3) });
  const rows = takeRows(all, [2, 0], 'f32');
  expect(rows.inputs).toEqual({ shape: [2, 2], data: Int32Array.of(5, 6, 1, 2) });
  expect(rows.targets).toEqual({ shape: [2, 1], data: Float32Array.of(0.3, 0.1) });
});

test('inputs alone', () => {
  expect(inputsOf([[1, 2]]).shape).toEqual([1, 2]);
  expect(inputsOf(new Float32Array(12), { inputShape: [2, 2] }).shape).toEqual([3, 2, 2]);
  expect(() => inputsOf(new Float32Array(12))).toThrow(/count or an inputShape/);
});

test('a validation share is drawn by the seed, and every example is in one part', () => {
  const all = arraysOf({ inputs: Uint8Array.from({ length: 50 }, (_, k) => k), labels: new Int32Array(50) });
  const parts = splitExamples(all, 0.2, 4);
  expect([parts.train.count, parts.validation.count]).toEqual([40, 10]);
  const values = [...parts.train.inputs.data, ...parts.validation.inputs.data];
  expect(values.sort((a, b) => a - b)).toEqual([...all.inputs.data]);
  expect(splitExamples(all, 0.2, 4)).toEqual(parts);
  expect(splitExamples(all, 0.2, 5)).not.toEqual(parts);
  for (const share of [0, 1, 0.001, Number.NaN]) expect(() => splitExamples(all, share, 0)).toThrow(/share/);
});

test('rows may be typed arrays, and keep their kind: bytes are pixels, integers stay', () => {
  for (const kind of [Float32Array, Float64Array, Int32Array, Uint8Array]) {
    const { inputs, count } = arraysOf({ inputs: [kind.of(0, 255), kind.of(51, 102)], labels: [0, 1] });
    expect([count, inputs]).toEqual([2, { shape: [2, 2], data: kind.of(0, 255, 51, 102) }]);
  }
  const deep = arraysOf({ inputs: [[Float32Array.of(1, 2)], [Float32Array.of(3, 4)]], labels: [0, 1] });
  expect(deep.inputs).toEqual({ shape: [2, 1, 2], data: Float32Array.of(1, 2, 3, 4) });
  expect(inputsOf([Uint8ClampedArray.of(9, 8)])).toEqual({ shape: [1, 2], data: Uint8Array.of(9, 8) });
});

test('pixels of a canvas are bytes; other whole numbers are numbers', () => {
  const clamped = arraysOf({ inputs: Uint8ClampedArray.of(0, 255), labels: [0] });
  expect(takeRows(clamped, [0], 'f32').inputs.data).toEqual(Float32Array.of(0, 1));
  for (const inputs of [Int16Array.of(-3, 300), Int8Array.of(-3, 3), Uint16Array.of(3, 60_000)])
    expect(arraysOf({ inputs, labels: [0] }).inputs.data).toEqual(Float32Array.from(inputs));
  expect(inputsOf([Uint32Array.of(2 ** 32 - 1)]).data).toEqual(Float64Array.of(2 ** 32 - 1));
});

const itself: unknown[] = [];
itself.push(itself);

test.each([
  [{ labels: [1] }, /expected inputs, got the fields labels/],
  [{ images: [[1]], labels: [1] }, 'examples: unknown option images; did you mean inputs?'],
  [{ points: [[1]], labels: [1] }, 'examples: unknown option points; did you mean inputs?'],
  [{ inputs: [[1]], label: [1] }, 'examples: unknown option label; did you mean labels?'],
  [{ inputs: [[1]] }, /labels or targets/],
  [{ inputs: [[1]], labels: [1], targets: [1] }, /got both/],
  [null, /expected examples: { inputs, labels } or { inputs, targets }, got null/],
  [7, /expected examples: .* got 7/],
  // Counts.
  [
    { inputs: Float32Array.of(1, 2, 3), labels: [0, 1] },
    /inputs of 2 examples, as there are labels, got 3 numbers/,
  ],
  [{ inputs: [[1], [2]], labels: [0] }, /expected as many inputs as labels, got 2 inputs and 1 labels\./],
  [
    {
      inputs: [
        [1, 2],
        [3, 4],
      ],
      labels: [0],
    },
    /got 2 inputs and 1 labels\./,
  ],
  [{ inputs: [[1]], targets: [[1], [2]] }, /as many inputs as targets, got 1 inputs and 2 targets/],
  [{ inputs: [[1], [2]], targets: [1, 2, 3] }, /targets of 2 examples, as there are inputs, got 3 numbers/],
  [
    { inputs: Float32Array.of(1, 2, 3), targets: [1], inputShape: [2] },
    /whole number of at least 1 inputs, got 1.5/,
  ],
  [
    { inputs: new Float32Array(4), labels: [0, 1], inputShape: [3] },
    /of shape \[3\], as there are labels, got 4/,
  ],
  [
    { inputs: new Float32Array(4), labels: [0, 1], count: 4 },
    /labels of 4 examples, as `count` says, got 2 labels/,
  ],
  [{ inputs: new Float32Array(), labels: [] }, /at least 1 inputs, got 0/],
  [{ inputs: [], labels: [] }, /at least 1 inputs, got 0/],
  [{ inputs: [[]], labels: [0] }, /inputs of 1 examples.*got 1 of shape \[0\]/],
  [{ inputs: [[1]], labels: [0], count: 1.5 }, /expected count: a whole number ≥ 1, got 1.5/],
  [
    { inputs: [[1]], labels: [0], inputShape: [0] },
    /expected inputShape: a list, each a whole number ≥ 1, got \[0\]/,
  ],
  [{ inputs: [[1]], labels: [0], inputShape: 1 }, /expected inputShape/],
  // Rows.
  [{ inputs: [[1, 2], [3]], labels: [0, 1] }, /expected 2 numbers in inputs\[1\], as in the first, got 1/],
  [
    { inputs: [[1, 2], [3], [4, 5, 6]], labels: [0, 1, 1] },
    /2 numbers in inputs\[1\], as in the first, got 1/,
  ],
  [
    { inputs: [[[1], [2]], [[3]]], labels: [0, 1] },
    /expected 2 members in inputs\[1\], as in the first, got 1/,
  ],
  [{ inputs: [[1, 2], 3], labels: [0, 1] }, /inputs\[1\]: 2 numbers of the kind of the first row, got 3/],
  [{ inputs: [[1, 2], null], labels: [0, 1] }, /inputs\[1\]: 2 numbers .*, got null/],
  [{ inputs: [[1], [[2]]], labels: [0, 1] }, /a number at inputs\[1\]\[0\], got \[2\]/],
  [
    { inputs: [Float32Array.of(1), [2]], labels: [0, 1] },
    /inputs\[1\]: 1 numbers of the kind of the first row, got \[2\]/,
  ],
  [{ inputs: [Float32Array.of(1), Uint8Array.of(2)], labels: [0, 1] }, /inputs\[1\]: 1 numbers of the kind/],
  [{ inputs: itself, labels: [0] }, /inputs: at most 16 lists within each other, got 17/],
  // Cells.
  [{ inputs: [['a']], labels: [0] }, /expected a number at inputs\[0\]\[0\], got "a"/],
  [{ inputs: [[1], ['2']], labels: [0, 1] }, /at inputs\[1\]\[0\], got "2"/],
  [{ inputs: [[1, undefined]], labels: [0] }, /a number at inputs\[0\]\[1\], got undefined/],
  [{ inputs: [[1, 2], new Array(2)], labels: [0, 1] }, /a number at inputs\[1\]\[0\], got undefined/],
  [{ inputs: [[1], [null]], labels: [0, 1] }, /at inputs\[1\]\[0\], got null/],
  [{ inputs: [[true]], labels: [0] }, /at inputs\[0\]\[0\], got true/],
  [{ inputs: [[1n]], labels: [0] }, /at inputs\[0\]\[0\], got 1n/],
  [{ inputs: [[1]], targets: [[undefined]] }, /a number at targets\[0\]\[0\], got undefined/],
  [{ inputs: [[1]], targets: ['1'] }, /a number at targets\[0\], got "1"/],
  [
    { inputs: [[1], [1]], targets: Uint8Array.of(0, 1) },
    /bytes up to 255, .*got none above 1\..*Float32Array\.from/,
  ],
  // Other kinds.
  [{ inputs: BigInt64Array.of(1n), labels: [0] }, /inputs: a typed array of numbers, got a BigInt64Array/],
  [{ inputs: [BigInt64Array.of(1n)], labels: [0] }, /numbers at inputs\[0\], got a BigInt64Array/],
  [{ inputs: new DataView(new ArrayBuffer(8)), labels: [0] }, /inputs: .*got a DataView/],
  [{ inputs: tensor([[1]]), labels: [0] }, /got a Tensor\. Give the values of a tensor, await x\.data\(\)/],
  [{ inputs: '12', labels: [0] }, /inputs: a typed array, or nested lists of numbers, got "12"/],
  [{ inputs: null, labels: [0] }, /inputs: .*, got null/],
  [{ inputs: [[1]], targets: {} }, /targets: .*, got {}/],
  // Labels.
  [{ inputs: [[1], [2]], labels: [0, -1] }, /expected a class 0, 1, 2, … at labels\[1\], got -1/],
  [{ inputs: [[1], [2]], labels: Int32Array.of(0, -1) }, /at labels\[1\], got -1/],
  [{ inputs: [[1], [2]], labels: [0, 1.5] }, /at labels\[1\], got 1.5/],
  [{ inputs: [[1], [2]], labels: Float32Array.of(0, Number.NaN) }, /at labels\[1\], got NaN/],
  [{ inputs: [[1], [2]], labels: [0, 2 ** 31] }, /at labels\[1\], got 2147483648/],
  [{ inputs: [[1], [2]], labels: ['0', '1'] }, /at labels\[0\], got "0"/],
  [{ inputs: [[1], [2]], labels: ['cat', 'dog'] }, /at labels\[0\], got "cat"\. Number the classes/],
  [{ inputs: [[1], [2]], labels: [0n, 1n] }, /at labels\[0\], got 0n/],
  [{ inputs: [[1], [2]], labels: BigInt64Array.of(0n, 1n) }, /at labels\[0\], got 0n/],
  [{ inputs: [[1], [2]], labels: [false, true] }, /at labels\[0\], got false/],
  [{ inputs: [[1], [2]], labels: new Array(2) }, /at labels\[0\], got undefined/],
  [
    {
      inputs: [[1], [2]],
      labels: [
        [0, 1],
        [1, 0],
      ],
    },
    /at labels\[0\], got \[0,1\]\. Probabilities of classes are targets/,
  ],
  [{ inputs: [[1], [2]], labels: '01' }, /labels: classes 0, 1, 2, … in a list or a typed array, got "01"/],
  [{ inputs: [[1], [2]], labels: { length: 2 } }, /labels: classes/],
])('examples %# that do not fit are refused', (examples, message) => {
  const refusal = () => arraysOf(examples as unknown as Examples);
  expect(refusal).toThrow(ArgumentError);
  expect(refusal).toThrow(message);
});

test('an error says whose examples they are', () => {
  const place = { operation: 'fit', name: 'validation' };
  expect(() => arraysOf({ inputs: [[1], [2]], labels: [0, -1] }, place)).toThrow(
    'fit: expected a class 0, 1, 2, … at validation.labels[1], got -1.',
  );
});
