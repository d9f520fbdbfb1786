import { ShapeError, scope, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Parameter } from './parameter.ts';

test('a parameter is one tensor whose contents change, and outlives the scope it is made in', () => {
  const parameter = scope(() => Parameter.of('w', Float64Array.of(1, 2, 3, 4), [2, 2]));
  const { value, version } = parameter;
  expect(value.dtype).toBe('f32');
  expect(value.toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  scope(() => parameter.assign(tensor([5, 6, 7, 8], [2, 2])));
  expect(parameter.value).toBe(value);
  expect([...value.dataSync()]).toEqual([5, 6, 7, 8]);
  expect(parameter.version).toBeGreaterThan(version);
});

test('contents of another shape are refused and change nothing', () => {
  const parameter = Parameter.of('w', Float32Array.of(1, 2), [2]);
  const { version } = parameter;
  expect(() => parameter.assign(tensor([1, 2, 3]))).toThrow(ShapeError);
  expect(parameter.version).toBe(version);
  expect([...parameter.value.dataSync()]).toEqual([1, 2]);
});
