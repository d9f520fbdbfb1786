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

test.each([
  [{ labels: [1] }, /expected inputs, got the fields labels/],
  [{ images: [[1]], labels: [1] }, 'examples: unknown option images; did you mean inputs?'],
  [{ points: [[1]], labels: [1] }, 'examples: unknown option points; did you mean inputs?'],
  [{ inputs: [[1]], label: [1] }, 'examples: unknown option label; did you mean labels?'],
  [{ inputs: [[1]] }, /labels or targets/],
  [{ inputs: [[1]], labels: [1], targets: [1] }, /got both/],
  [{ inputs: Float32Array.of(1, 2, 3), labels: [0, 1] }, /inputs of 2 examples, got 3 numbers/],
  [{ inputs: [[1, 2], [3]], labels: [0, 1] }, /every example of shape \[2\], got \[1\] at 1/],
  [{ inputs: [[1, 2], [3], [4, 5, 6]], labels: [0, 1, 1] }, /every example of shape \[2\], got \[1\] at 1/],
  [{ inputs: [['a']] as unknown as number[][], labels: [0] }, /numbers, got string/],
  [{ inputs: [[1], [2]], labels: [0, -1] }, /classes 0, 1, 2, …, got -1 at 1/],
  [{ inputs: [[1], [2]], labels: [0, 1.5] }, /got 1.5 at 1/],
  [{ inputs: [[1], [2]], labels: [0] }, /inputs of 1 examples, got 2 numbers/],
  [{ inputs: new Float32Array(), labels: [] }, /count of at least 1/],
])('examples %# that do not fit are refused', (examples, message) => {
  expect(() => arraysOf(examples as unknown as Examples)).toThrow(message);
});
