import { afterEach, describe, expect, test } from 'vitest';
import { currentBackend, useBackend } from './backends.ts';
import { tensor, zeros } from './create.ts';
import { BackendError, DisposedError, ShapeError } from './errors.ts';
import { referenceBackend } from './reference/backend.ts';
import { memory } from './storage.ts';

afterEach(() => useBackend('reference'));

const matrix = () =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

describe('views', () => {
  test('are windows on the same memory', () => {
    const x = matrix();
    const before = memory();
    const transposed = x.view([3, 2], [1, 3], 0);
    const column = x.view([2], [3], 1);
    const repeated = x.view([2, 2], [0, 1], 4);
    expect(memory()).toEqual(before);
    expect(transposed.toArray()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(column.toArray()).toEqual([2, 5]);
    expect(repeated.toArray()).toEqual([
      [5, 6],
      [5, 6],
    ]);
    expect([transposed.isContiguous, column.isContiguous, x.view([3], [1], 3).isContiguous]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('keep the memory alive until the last is gone', () => {
    const start = memory();
    const x = matrix();
    const view = x.view([3], [1], 3);
    x.dispose();
    expect(view.toArray()).toEqual([4, 5, 6]);
    expect(memory().buffers).toBe(start.buffers + 1);
    view.dispose();
    expect(memory()).toEqual(start);
  });

  test('contiguous is the tensor itself where it can be, else a copy', () => {
    const x = matrix();
    expect(x.contiguous()).toBe(x);
    const copy = x.view([3, 2], [1, 3], 0).contiguous();
    expect(copy.isContiguous).toBe(true);
    expect([...copy.dataSync()]).toEqual([1, 4, 2, 5, 3, 6]);
  });
});

describe('reading', () => {
  test('data and dataSync give copies in row-major order', async () => {
    const x = matrix();
    const transposed = x.view([3, 2], [1, 3], 0);
    for (const values of [await transposed.data(), transposed.dataSync()])
      expect([...values]).toEqual([1, 4, 2, 5, 3, 6]);
    const part = x.view([2], [1], 4);
    for (const values of [await part.data(), part.dataSync(), await x.data(), x.dataSync()]) values.fill(0);
    expect(x.toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([...(await part.data())]).toEqual([5, 6]);
    expect((await zeros([0, 3]).data()).length).toBe(0);
  });

  test('needs no casts: arrays are those of f32, or of the kind that is named', async () => {
    expect(
      matrix()
        .dataSync()
        .reduce((sum, value) => sum + value, 0),
    ).toBe(21);
    const ids = tensor(Int32Array.of(3, 1));
    const read: Int32Array = ids.dataSync();
    expect(read).toBeInstanceOf(Int32Array);
    expect((await ids.data<Int32Array>()).toSorted()).toEqual(Int32Array.of(1, 3));
  });

  test('leaves no memory behind', async () => {
    const transposed = matrix().view([3, 2], [1, 3], 0);
    const before = memory();
    transposed.dataSync();
    transposed.toArray();
    await transposed.data();
    expect(memory()).toEqual(before);
  });

  test('item needs one element', () => {
    expect(tensor([[7]]).item()).toBe(7);
    expect(() => matrix().item()).toThrow(ShapeError);
  });

  test('dataSync without memory visible to script says what to do', async () => {
    const { host: _, ...remote } = { ...referenceBackend, name: 'remote' };
    await useBackend(remote);
    expect(currentBackend().name).toBe('remote');
    const x = matrix();
    expect(() => x.dataSync()).toThrow(BackendError);
    expect(() => x.dataSync()).toThrow('Use `await tensor.data()`.');
    expect([...(await x.data())]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('a disposed tensor', () => {
  test('frees its memory once', () => {
    const before = memory();
    const x = matrix();
    expect(memory()).toEqual({ buffers: before.buffers + 1, bytes: before.bytes + 24 });
    x.dispose();
    x.dispose();
    expect(memory()).toEqual(before);
  });

  test('refuses use, naming its shape and the remedy', async () => {
    const x = matrix();
    const transposed = x.view([3, 2], [1, 3], 0);
    for (const gone of [x, transposed]) gone.dispose();
    const before = memory();
    for (const use of [
      () => x.dataSync(),
      () => x.buffer,
      () => x.view([1], [1], 0),
      () => transposed.contiguous(),
    ])
      expect(use).toThrow(DisposedError);
    expect(() => x.toArray()).toThrow(/tensor \[2, 3\].*Return it from the scope, or `keep` it\./);
    await expect(x.data()).rejects.toThrow(DisposedError);
    expect(memory()).toEqual(before);
    expect(x.isDisposed).toBe(true);
    expect(String(x)).toBe('Tensor([2, 3], f32, reference)');
  });

  test('may come from `using`', () => {
    const before = memory();
    const x = matrix();
    x[Symbol.dispose]();
    expect(memory()).toEqual(before);
  });
});
