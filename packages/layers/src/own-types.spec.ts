import type { Tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Sequential } from './containers/sequential.ts';
import { Dense } from './dense.ts';
import { load } from './model-file/load.ts';
import { Module } from './module.ts';

class Other extends Module {
  static override readonly type = 'dense';
  compute(x: Tensor): Tensor {
    return x;
  }
}

class Kin extends Dense {}

class First extends Other {
  static override readonly type: never = 'mine' as never;
}

class Second extends Other {
  static override readonly type: never = 'mine' as never;
}

const remedy = 'Give yours another static type, and save its models again.';

test.each([
  ['another class', () => new Other()],
  ['a class over it', () => new Kin({ in: 1, out: 1 })],
])('%s of the type of a layer of this package is not saved', async (_, make) => {
  for (const model of [make(), new Sequential([new Sequential([make()])])]) {
    await expect(model.toBytes()).rejects.toThrow(
      `save: expected a type of its own for each class of layers, got two classes of the type dense. ${remedy}`,
    );
    await expect(model.save('never-written.safetensors')).rejects.toThrow(remedy);
  }
});

test('two classes of one type in a network are not saved, one is', async () => {
  await expect(new Sequential([new First(), new Second()]).toBytes()).rejects.toThrow(
    'two classes of the type mine',
  );
  const bytes = await new Sequential([new First(), new First()]).toBytes();
  const layers = { First: First as never };
  expect((await load(bytes, { layers })).members.get('1')).toBeInstanceOf(First);
});

test('load refuses two layer classes of one type', async () => {
  const bytes = await new Sequential([]).toBytes();
  for (const layers of [{ Other }, { First, Second }])
    await expect(load(bytes, { layers: layers as never })).rejects.toThrow(
      'load: expected a type of its own for each class of layers',
    );
});
