import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { FunhashError } from '@funhash/hashing';
import {
  dense,
  funHash,
  hashedNet,
  kronecker,
  lowRank,
  mpo,
  productHash,
  robe,
  tensorTrain,
  tiles,
  type WeightRequest,
} from '@funhash/space';
import { ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Sequential } from './containers/sequential.ts';
import { Embedding } from './embedding.ts';
import { load } from './model-file/load.ts';

const requests: Record<string, WeightRequest> = {
  dense: dense(),
  funHash: funHash({ ratio: 1 / 4 }),
  hashedNet: hashedNet({ ratio: 1 / 4 }),
  kronecker: kronecker({ terms: 2 }),
  lowRank: lowRank({ rank: 2 }),
  mpo: mpo({ bonds: 2, boundary: 2 }),
  productHash: productHash({ ratio: 1 / 4 }),
  robe: robe({ ratio: 1 / 4 }),
  tensorTrain: tensorTrain({ ranks: 3 }),
  'tensorTrain, padded': tensorTrain({ inModes: [2, 3], outModes: [5, 5], ranks: 3, padding: true }),
  tiles: tiles({ ratio: 1 / 4 }),
};

const [words, width] = [24, 6];
const ids = fc.array(fc.nat(words - 1), { minLength: 1, maxLength: 12 });
const close = (actual: Tensor, expected: readonly number[]): void => {
  expect(actual.size).toBe(expected.length);
  actual.dataSync().forEach((x, k) => {
    expect(Math.abs(x - (expected[k] as number)), `element ${k}`).toBeLessThan(1e-5);
  });
};

describe.each(Object.entries(requests))('%s', (_, weight) => {
  const make = (): Embedding => new Embedding({ in: words, out: width, weight, seed: 3 });

  test('words are rows of V, and their gradients those of the rows', () => {
    const layer = make();
    const matrix = layer.weight.decode().toArray() as number[][];
    const stored = layer.parameters().map(({ value }) => value);
    fc.assert(
      fc.property(ids, (list) => {
        const x = tensor(Int32Array.from(list), [1, list.length]);
        const y = layer.forward(x);
        expect(y.shape).toEqual([1, list.length, width]);
        close(
          y,
          list.flatMap((id) => matrix[id] as number[]),
        );
        const factors = Float32Array.from({ length: list.length * width }, (_, k) => Math.sin(k + 1));
        const [, gradients] = gradientsOf(
          () => sum(multiply(layer.forward(x), tensor(factors, y.shape))),
          stored,
        );
        const ofRows = new Float32Array(words * width);
        list.forEach((id, n) => {
          for (let k = 0; k < width; k++)
            ofRows[id * width + k] = (ofRows[id * width + k] as number) + (factors[n * width + k] as number);
        });
        const [, wanted] = gradientsOf(
          () => sum(multiply(layer.weight.decode(), tensor(ofRows, [words, width]))),
          stored,
        );
        gradients.forEach((gradient, k) => {
          close(gradient as Tensor, [...(wanted[k] as Tensor).dataSync()]);
        });
      }),
      { seed: 4, numRuns: 8 },
    );
  });

  test('comes back from a file', async () => {
    const model = new Sequential([make()]);
    const x = tensor(Int32Array.of(0, 23, 7), [3, 1]);
    const loaded = await load(await model.toBytes());
    expect(loaded.forward(x).toArray()).toEqual(model.forward(x).toArray());
  });
});

test('entries start as wide as those of PyTorch, whatever the width', () => {
  for (const out of [4, 100]) {
    const values = new Embedding({ in: 400, out }).weight.decode().dataSync();
    const mean = values.reduce((total: number, x: number) => total + x * x, 0) / values.length;
    expect(mean).toBeGreaterThan(0.85);
    expect(mean).toBeLessThan(1.15);
  }
});

test('whole numbers of another type are words too', () => {
  const layer = new Embedding({ in: 5, out: 2 });
  expect(layer.forward(tensor([4, 0])).toArray()).toEqual(
    layer.forward(tensor(Int32Array.of(4, 0))).toArray(),
  );
});

test('a large vocabulary costs its stored values and the rows asked for', () => {
  const layer = new Embedding({ in: 2 ** 24, out: 256, weight: hashedNet({ values: 4096 }) });
  expect(layer.forward(tensor(Int32Array.of(2 ** 24 - 1, 5))).shape).toEqual([2, 256]);
  const chain = new Embedding({ in: 2 ** 20, out: 64, weight: tensorTrain({ ranks: 4 }) });
  expect(chain.forward(tensor(Int32Array.of(2 ** 20 - 1, 5))).shape).toEqual([2, 64]);
  expect(chain.weight.storedCount).toBeLessThan(5000);
});

test.each(['dense', 'hashedNet', 'tensorTrain', 'lowRank', 'kronecker'])(
  'numbers beyond the vocabulary are refused: %s',
  (name) => {
    const layer = new Embedding({ in: words, out: width, weight: requests[name] as WeightRequest });
    for (const id of [-1, words, 2 ** 31 - 1]) {
      const forward = (): unknown => layer.forward(tensor(Int32Array.of(1, id)));
      expect(forward).toThrow(FunhashError);
      expect(forward).toThrow(String(id));
    }
  },
);

test('refused: no batch, no words', () => {
  expect(() => new Embedding({ in: 3, out: 2 }).forward(tensor(1))).toThrow(ShapeError);
  expect(() => new Embedding({ in: 0, out: 2 })).toThrow('in: a whole number');
});
