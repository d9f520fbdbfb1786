import { random } from '@funhash/hashing';
import { dense, hashedNet, lsq, schemes, ternary } from '@funhash/space';
import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Conv2d, compact, compactReader, Flatten, MaxPool2d, ModelFileError, Reshape } from '../index.ts';
import { load, loadInto } from './load.ts';
import { loadOnly } from './load-only.ts';

const draw = random(3);
const x = tensor(
  Float32Array.from({ length: 4 * 784 }, () => draw.normal()),
  [4, 784],
);

const digits = (): Sequential => {
  const net = new Sequential(
    [
      new Reshape({ shape: [28, 28, 1] }),
      new Conv2d({ in: 1, out: 6, kernelSize: 5, activation: 'relu', weight: lsq({ bits: 6 }) }),
      new MaxPool2d({ kernelSize: 2 }),
      new Conv2d({ in: 6, out: 10, kernelSize: 5, activation: 'relu', weight: lsq({ bits: 6 }) }),
      new MaxPool2d({ kernelSize: 2 }),
      new Flatten(),
      new Dense({ in: 160, out: 16, activation: 'relu', weight: ternary() }),
      new Dense({ in: 16, out: 10, weight: hashedNet({ ratio: 1 / 2 }) }),
    ],
    { seed: 1 },
  );
  net.signature = { input: [28, 28, 1], dtype: 'u8', scale: [0, 1], classes: [...'0123456789'] };
  return net;
};

describe('a compact file', () => {
  test.each(['f32', 'f16', 'i4', 'coded'] as const)(
    'stored as %s answers as the safetensors file does',
    async (storeAs) => {
      const net = digits();
      const [small, plain] = [await net.toBytes({ compact, storeAs }), await net.toBytes({ storeAs })];
      const [a, b] = [await load(small), await load(plain)];
      expect(a.forward(x).dataSync()).toEqual(b.forward(x).dataSync());
      expect([a.spec, a.signature]).toEqual([b.spec, b.signature]);
      expect(await a.toBytes({ compact, storeAs })).toEqual(small);
      expect(small.length).toBeLessThan(plain.length - 2000);
    },
  );

  test('describes a net in less than 120 bytes', async () => {
    const net = digits();
    const of = (values: Sequential): Promise<Uint8Array> => values.toBytes({ compact });
    for (const { value } of net.parameters())
      value.storage.backend.upload(value.buffer, new Float32Array(value.size));
    for (const [name, parameter] of net.namedParameters())
      if (/step|scale/.test(name)) parameter.assign(tensor([1]));
    // What is left is its description: zeros take next to nothing.
    expect((await of(net)).length).toBeLessThan(120 + 20);
  });

  test('is loaded into a net, and by loadOnly where its container is named', async () => {
    const [net, other] = [digits(), digits()];
    for (const parameter of net.parameters())
      if (parameter.name === 'bias')
        parameter.assign(tensor(Float32Array.from(parameter.value.dataSync(), () => 1)));
    const file = await net.toBytes({ compact });
    await loadInto(other, file);
    expect(other.forward(x).dataSync()).toEqual(net.forward(x).dataSync());
    const layers = { Sequential, Reshape, Conv2d, MaxPool2d, Flatten, Dense };
    const some = await loadOnly(file, {
      layers,
      schemes: { ...schemes, dense },
      containers: { compactReader },
    });
    expect(some.forward(x).dataSync()).toEqual(net.forward(x).dataSync());
    await expect(loadOnly(file, { layers, schemes })).rejects.toThrow(ModelFileError);
    await expect(load(file.subarray(0, 200), {})).rejects.toThrow(/damaged or cut short/);
  });

  test('is not compressed besides', async () => {
    await expect(digits().toBytes({ compact, compress: true })).rejects.toThrow(/either compact or compress/);
    await expect(digits().toBytes({ compact: true } as never)).rejects.toThrow(/import \{ compact \}/);
  });
});
