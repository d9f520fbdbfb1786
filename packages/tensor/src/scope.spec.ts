import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import type { Backend } from './backend.ts';
import { useBackend } from './backends.ts';
import { ones, tensor, zeros } from './create.ts';
import type { TypedArray } from './dtype.ts';
import { referenceBackend } from './reference/backend.ts';
import type { HostBuffer } from './reference/views.ts';
import { keep, scope, tensorsIn } from './scope.ts';
import { memory } from './storage.ts';
import type { Tensor } from './tensor.ts';

describe('scope', () => {
  test('frees what it made but not what it returns, at any depth', () => {
    const before = memory();
    const { list, nested } = scope(() => {
      zeros([100]);
      return { list: [ones([2]), ones([3])], nested: new Map([['x', { deep: ones([4]) }]]) };
    });
    const survivors = [...list, nested.get('x')?.deep as Tensor];
    expect(memory().buffers).toBe(before.buffers + 3);
    expect(survivors.map(({ isDisposed }) => isDisposed)).toEqual([false, false, false]);
    for (const survivor of survivors) survivor.dispose();
    expect(memory()).toEqual(before);
  });

  test('leaves tensors of outside alone', () => {
    const outside = ones([2]);
    scope(() => outside);
    scope(() => outside.view([1], [1], 0));
    expect(outside.toArray()).toEqual([1, 1]);
  });

  test('nests: survivors belong to the next outer scope', () => {
    const before = memory();
    let inner: Tensor | undefined;
    scope(() => {
      inner = scope(() => {
        zeros([5]);
        return ones([2]);
      });
      expect(inner.isDisposed).toBe(false);
      expect(memory().buffers).toBe(before.buffers + 1);
    });
    expect(inner?.isDisposed).toBe(true);
    expect(memory()).toEqual(before);
  });

  test('frees everything when the body throws, and later scopes work', () => {
    const before = memory();
    expect(() =>
      scope(() =>
        scope(() => {
          zeros([5]);
          throw new RangeError('body');
        }),
      ),
    ).toThrow(new RangeError('body'));
    expect(memory()).toEqual(before);
    scope(() => zeros([3]).view([1], [1], 0) && undefined);
    expect(memory()).toEqual(before);
  });

  test('refuses an async body, frees what it made, and swallows its later failure', async () => {
    const before = memory();
    const body = async (): Promise<void> => {
      const x = zeros([5]);
      await Promise.resolve();
      x.dataSync();
    };
    expect(() => scope(body)).toThrow(ArgumentError);
    expect(() => scope(body)).toThrow(/async body/);
    expect(memory()).toEqual(before);
    await new Promise((resolve) => setTimeout(resolve, 0));
  });

  test('a download may outlast the scope', async () => {
    // Reads late, as a GPU does, and forgets what is freed.
    const late: Backend = {
      ...referenceBackend,
      name: 'late',
      free: (buffer) => void (buffer as HostBuffer).data.fill(Number.NaN),
      download: async (buffer) => {
        await Promise.resolve();
        return (buffer as HostBuffer).data.slice() as TypedArray;
      },
    };
    await useBackend(late);
    const x = tensor([1, 2, 3, 4], [2, 2]);
    await useBackend('reference');
    const { pending } = scope(() => ({ pending: x.view([2, 2], [1, 2], 0).data() }));
    expect([...(await pending)]).toEqual([1, 3, 2, 4]);
  });

  test('memory is constant over 10 000 scopes', () => {
    const before = memory();
    for (let k = 0; k < 10_000; k++) {
      const result = scope(() => {
        const x = ones([16]);
        return x.view([4, 4], [1, 4], 0).contiguous();
      });
      result.dispose();
      if (k % 1000 === 0) expect(memory()).toEqual(before);
    }
    expect(memory()).toEqual(before);
  });
});

test('keep takes tensors out of every scope', () => {
  const before = memory();
  let kept: Tensor | undefined;
  scope(() => {
    scope(() => {
      kept = keep({ x: ones([2]) }).x;
    });
  });
  expect(kept?.toArray()).toEqual([1, 1]);
  kept?.dispose();
  expect(memory()).toEqual(before);
});

test('tensorsIn finds each tensor once, cycles and all', () => {
  const x = ones([1]);
  const cycle: Record<string, unknown> = {
    x,
    again: [x],
    set: new Set([x]),
    array: new Float32Array(3),
    none: null,
  };
  cycle.self = cycle;
  expect([...tensorsIn(cycle)]).toEqual([x]);
});
