import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { multiply } from '@funhash/autodiff';
import {
  bfloat16ToNumber,
  compressBytes,
  decodeModel,
  ModelFileError,
  numberToBfloat16,
  readBytes,
  type StorageChoice,
} from '@funhash/codec';
import { ArgumentError } from '@funhash/hashing';
import { defineHash, defineScheme, dense, hashedNet, Parameter, schemes, uniform } from '@funhash/space';
import { memory, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Activation } from '../activation.ts';
import { compress } from '../compression/compress.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { type LayerSpec, Module } from '../module.ts';
import { network } from './arbitrary-network.spec-kit.ts';
import type { LayerReader } from './layer-reader.ts';
import { load, loadInto } from './load.ts';
import { loadOnly } from './load-only.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funhash-layers-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bits = (x: Tensor): Uint8Array => new Uint8Array(x.dataSync().buffer);

/** An input [3, width] without structure. */
const inputOf = (width: number): Tensor =>
  tensor(
    Float32Array.from({ length: 3 * width }, (_, k) => Math.sin(3 * k + 1)),
    [3, width],
  );

describe('any network, saved and loaded', () => {
  test('is the same bit for bit: values, outputs, description, file', async () => {
    await fc.assert(
      fc.asyncProperty(network, async ({ make, width }) => {
        const net = make();
        const file = await net.toBytes({ latent: true });
        const loaded = await load(file);
        expect(loaded.spec).toEqual(JSON.parse(JSON.stringify(net.spec)));
        expect([...loaded.namedParameters().keys()]).toEqual([...net.namedParameters().keys()]);
        for (const [name, { value }] of loaded.namedParameters()) {
          const original = net.namedParameters().get(name) as Parameter;
          expect(bits(value), name).toEqual(bits(original.value));
        }
        const x = inputOf(width);
        expect(bits(loaded.forward(x))).toEqual(bits(net.forward(x)));
        expect(loaded.summary()).toEqual({ ...net.summary(), toString: expect.any(Function) });
        expect(await loaded.toBytes({ latent: true })).toEqual(file);
      }),
      { seed: 20160703, numRuns: 150 },
    );
  });

  test('is the same when it is made twice', async () => {
    await fc.assert(
      fc.asyncProperty(network, async ({ make }) => {
        expect(await make().toBytes()).toEqual(await make().toBytes());
      }),
      { seed: 20160704, numRuns: 50 },
    );
  });

  test.each([
    ['f16', 2 ** -11, 2 ** -25],
    ['bf16', 2 ** -8, 0],
  ] as const)(
    'as %s: each value is rounded once, and what was rounded stays',
    async (storeAs, relative, absolute) => {
      await fc.assert(
        fc.asyncProperty(network, async ({ make }) => {
          const net = make();
          const file = await net.toBytes({ storeAs, latent: true });
          const loaded = await load(file);
          for (const [name, { value }] of loaded.namedParameters()) {
            const original = (net.namedParameters().get(name) as Parameter).value.dataSync();
            value.dataSync().forEach((stored, k) => {
              const exact = original[k] as number;
              expect(Math.abs(stored - exact)).toBeLessThanOrEqual(Math.abs(exact) * relative + absolute);
              if (storeAs === 'bf16') expect(stored).toBe(bfloat16ToNumber(numberToBfloat16(exact)));
            });
          }
          expect(await loaded.toBytes({ storeAs, latent: true })).toEqual(file);
          // At most half of the data, and the same header.
          expect(file.length).toBeLessThanOrEqual((await net.toBytes({ latent: true })).length);
        }),
        { seed: 20160705, numRuns: 30 },
      );
    },
  );
});

describe('any network, saved small', () => {
  test.each([2, 5, 8] as const)('as codes of %d bits: the best ones, and they stay', async (bits) => {
    await fc.assert(
      fc.asyncProperty(network, async ({ make }) => {
        const net = make();
        const storeAs = `i${bits}` as const;
        const file = await net.toBytes({ storeAs, latent: true });
        const loaded = await load(file);
        for (const [name, { value }] of loaded.namedParameters()) {
          const found = value.dataSync();
          expect(new Set(found).size).toBeLessThan(2 ** bits);
          const original = (net.namedParameters().get(name) as Parameter).value.dataSync() as Float32Array;
          const squares = (of: (k: number) => number) => original.reduce((sum, _, k) => sum + of(k) ** 2, 0);
          const energy = squares((k) => original[k] as number);
          const loss = squares((k) => (original[k] as number) - (found[k] as number));
          expect(loss, name).toBeLessThanOrEqual({ 2: 0.4, 5: 0.01, 8: 1e-4 }[bits] * energy);
        }
        expect(await loaded.toBytes({ storeAs, latent: true })).toEqual(file);
      }),
      { seed: 20160712, numRuns: 30 },
    );
  });

  test('compressed: the same network, in a shorter file', async () => {
    await fc.assert(
      fc.asyncProperty(network, async ({ make }) => {
        const [net, target] = [make(), make()];
        for (const parameter of net.parameters()) parameter.assign(multiply(parameter.value, 2));
        const file = await net.toBytes();
        const compressed = await net.toBytes({ compress: true });
        expect(compressed.length).toBeLessThan(file.length);
        expect(await (await load(compressed)).toBytes()).toEqual(file);
        await loadInto(target, compressed);
        expect(await target.toBytes()).toEqual(file);
      }),
      { seed: 20160713, numRuns: 30 },
    );
  });

  test('a format for each tensor', async () => {
    const net = new Dense({ in: 9, out: 3, seed: 4 });
    const file = await net.toBytes({ storeAs: (name) => (name === 'weight.w' ? 'i4' : 'f16') });
    const { tensors } = decodeModel(file);
    expect(Object.fromEntries(Array.from(tensors, ([name, { dtype }]) => [name, dtype]))).toEqual({
      'weight.w': 'I4',
      bias: 'F16',
    });
  });

  test('running statistics are no codes, unless a function says so', async () => {
    const variance = Parameter.of('variance', Float32Array.of(1e-3, 1), [2]);
    class Counting extends Module {
      override compute(x: Tensor): Tensor {
        return x;
      }
      override namedParameters = () => new Map([['w', Parameter.of('w', Float32Array.of(1), [1])]]);
      override namedBuffers = () => new Map([['variance', variance]]);
      override get spec(): LayerSpec {
        return { type: 'counting' };
      }
    }
    const net = new Counting();
    const formats = async (storeAs: StorageChoice) =>
      Array.from(decodeModel(await net.toBytes({ storeAs })).tensors.values(), ({ dtype }) => dtype).sort();
    expect(await formats('i4')).toEqual(['F16', 'I4']);
    expect(await formats('bf16')).toEqual(['BF16', 'BF16']);
    expect(await formats(() => 'i4')).toEqual(['I4', 'I4']);
  });

  test('a compressed file that is damaged, or longer than maxBytes when inflated', async () => {
    const file = await new Dense({ in: 40, out: 40 }).toBytes();
    const zeros = new Uint8Array(gzipSync(new Uint8Array(2 ** 22)));
    const compressed = await compressBytes(file);
    const changed = compressed.slice();
    changed[changed.length - 6] = (changed[changed.length - 6] as number) ^ 1;
    for (const wrong of [changed, compressed.slice(0, -3), zeros, await compressBytes(compressed)])
      await expect(load(wrong)).rejects.toThrow(ModelFileError);
    await expect(load(zeros)).rejects.toThrow('a safetensors file in the gzip file, got other content');
    await expect(load(zeros, { maxBytes: 2 ** 20 })).rejects.toThrow('at most 1048576 bytes when inflated');
    await expect(load(compressed, { maxBytes: file.length - 1 })).rejects.toThrow('when inflated');
    expect(await load(compressed, { maxBytes: file.length })).toBeInstanceOf(Dense);
  });
});

test('trained values, infinities and NaN go through a file on disk', async () => {
  const net = new Sequential([new Dense({ in: 2, out: 2 })]);
  const odd = Float32Array.of(Number.NaN, Number.NEGATIVE_INFINITY, -0, 1e-45);
  net.parameters()[0]?.assign(tensor(odd, [2, 2]));
  const path = join(folder, 'net.safetensors');
  await net.save(path);
  const loaded = await load(path);
  expect(loaded.parameters()[0]?.value.dataSync()).toEqual(odd);
  expect(await readdir(folder)).toEqual(['net.safetensors']);
  expect(await (await load(new Blob([await readFile(path)]))).toBytes()).toEqual(await net.toBytes());
  await expect(load(path, { maxBytes: 10 })).rejects.toThrow(ModelFileError);
});

test('a value beyond the range of f16 is refused, and the file that was there stays', async () => {
  const path = join(folder, 'large.safetensors');
  const net = new Dense({ in: 1, out: 1 });
  await net.save(path);
  const before = await readBytes(path);
  net.parameters()[0]?.assign(tensor([[1e6]]));
  await expect(net.save(path, { storeAs: 'f16' })).rejects.toThrow(ArgumentError);
  expect(await readBytes(path)).toEqual(before);
});

test('the loaded model does not hold on to the bytes', async () => {
  const net = new Dense({ in: 2, out: 2 });
  const file = await net.toBytes();
  const loaded = await load(file);
  file.fill(255);
  expect(loaded.parameters()[0]?.value.toArray()).toEqual(net.parameters()[0]?.value.toArray());
});

test('a policy for all weights instead of those in the file', async () => {
  const net = new Dense({ in: 3, out: 2, weight: hashedNet({ values: 3 }), bias: hashedNet({ values: 2 }) });
  const loaded = (await load(await net.toBytes(), { policy: 'frozen' })) as Dense;
  expect(loaded.spec).toMatchObject({ weight: { policy: 'frozen' }, bias: { policy: 'frozen' } });
  const x = tensor([[1, 2, 3]]);
  // A product by a decoded matrix adds in another order than one that decodes as it goes.
  const [expected] = net.forward(x).toArray() as [number[]];
  const [found] = loaded.forward(x).toArray() as [number[]];
  expect(found).toEqual(expected.map((y) => expect.closeTo(y, 5)));
});

/** A layer of a user: y = factor · x, with a trainable factor. */
class Scale extends Module {
  static override readonly type = 'scale';
  readonly factor: Parameter;

  constructor(factor = Parameter.of('factor', Float32Array.of(2), [1])) {
    super();
    this.factor = factor;
  }

  compute(x: Tensor): Tensor {
    return multiply(x, this.factor.value);
  }

  override namedParameters(): ReadonlyMap<string, Parameter> {
    return new Map([['factor', this.factor]]);
  }

  override get spec(): LayerSpec {
    return { type: Scale.type };
  }

  static override fromSpec(reader: LayerReader): Scale {
    return new Scale(reader.parameter('factor', [1]));
  }
}

const constantScheme = defineScheme({
  kind: 'one value for all',
  source: 'this spec',
  options: { offset: uniform.real(0.5) },
  plan: () => ({}),
  stored: () => ({ w: [1] }),
  initialize: ({ std }) => ({ w: Float64Array.of(std) }),
  entry: (_, { w }, { offset }) => w.at(0).plus(offset),
});

describe('of the caller', () => {
  const x = tensor([[1, 2, 3]]);

  test('a scheme', async () => {
    const net = new Dense({ in: 3, out: 2, weight: constantScheme({ offset: 0.25 }) });
    const file = await net.toBytes();
    await expect(load(file)).rejects.toThrow(
      /a known scheme of one's own.*Pass schemes of your own as `schemes`/,
    );
    const loaded = await load(file, { schemes: { constantScheme } });
    expect(bits(loaded.forward(x))).toEqual(bits(net.forward(x)));
    expect(await loaded.toBytes()).toEqual(file);
  });

  test('a hash', async () => {
    const mine = defineHash({
      name: 'mine',
      formula: (ops, row, col, seed) =>
        ops.mul(ops.add(ops.xor(row, seed), ops.rotl(col, 7)), ops.constant(0x9e3779b1)),
    });
    const weight = hashedNet({ values: 5, hash: mine });
    const net = new Sequential([new Dense({ in: 3, out: 4, weight }), new Dense({ in: 4, out: 2 })], {
      seed: 4,
    });
    const file = await net.toBytes();
    await expect(load(file)).rejects.toThrow(
      /a known hash: xxHash32.* in layer 0.*Pass hashes of your own as `hashes`, as in load\(file, { hashes: { mine } }\)/,
    );
    const only = { layers: { Dense, Sequential }, schemes: { dense, hashedNet } };
    for (const loaded of [
      await load(file, { hashes: { mine } }),
      await loadOnly(file, { ...only, hashes: { mine } }),
    ]) {
      expect(bits(loaded.forward(x))).toEqual(bits(net.forward(x)));
      expect(await loaded.toBytes()).toEqual(file);
    }
    await loadInto(
      new Sequential([new Dense({ in: 3, out: 4, weight }), new Dense({ in: 4, out: 2 })], { seed: 4 }),
      file,
    );
    const { model } = await compress(net, { weight: { 1: hashedNet({ values: 4 }) } });
    expect(model.weights().get('0.weight')?.options.hash).toBe(mine);
  });

  test('a layer', async () => {
    const net = new Sequential([new Scale(), new Dense({ in: 3, out: 2 })]);
    net.parameters()[0]?.assign(tensor([7]));
    const file = await net.toBytes();
    await expect(load(file)).rejects.toThrow(/type among activation, .* in layer 0, got "scale"/);
    const loaded = await load(file, { layers: { Scale } });
    expect(loaded.namedParameters().get('0.factor')?.value.toArray()).toEqual([7]);
    expect(bits(loaded.forward(x))).toEqual(bits(net.forward(x)));
  });
});

test('memory: a model that is loaded holds its values and nothing else', async () => {
  const net = new Sequential([
    new Dense({ in: 8, out: 8, weight: hashedNet({ values: 10 }) }),
    new Activation('relu'),
  ]);
  const file = await net.toBytes();
  const before = memory();
  const loaded = await load(file);
  expect(memory().bytes - before.bytes).toBe(4 * 18);
  expect(memory().buffers - before.buffers).toBe(loaded.parameters().length);
});

test('every scheme of the library is loaded by its kind', () => {
  const kinds = Object.values(schemes).map(({ definition }) => definition.kind);
  expect(new Set(kinds).size).toBe(kinds.length);
});
