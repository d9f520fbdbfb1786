import { random } from '@funhash/hashing';
import { hashedNet, tensor } from '@funhash/layers';
import { afterAll, expect, test } from 'vitest';
import { artifactNet } from './artifact-net.ts';

const draw = random(1);
const x = tensor(
  Float32Array.from({ length: 2 * 8 * 12 * 5 }, () => draw.uniform() - 0.5),
  [2, 8, 12, 5],
);
afterAll(() => x.dispose());

test('a new network has as many values as its docstring says, and adds next to nothing', () => {
  const net = artifactNet();
  expect(net.parameters().reduce((sum, { value }) => sum + value.size, 0)).toBe(13_697);
  const y = net.forward(x);
  expect(y.shape).toEqual([2, 8, 12, 3]);
  const size = Math.sqrt(y.dataSync().reduce((sum, each) => sum + each * each, 0) / y.size);
  expect(size).toBeGreaterThan(0);
  expect(size).toBeLessThan(0.2);
});

test('chroma goes through bands and back: what all of them hold is what the pixels were', () => {
  const net = artifactNet({ chromaChannels: 14, chromaDepth: 2 });
  const [, pack, , unpack] = net.layers;
  const packed = pack?.forward(x);
  expect(packed?.shape).toEqual([2, 4, 6, 14]);
  // What makes the factor of each band that of the inverse.
  const factors = [2, 1 / 2, 1 / 2, 1 / 4];
  const from = packed?.dataSync() as Float32Array;
  const bands = tensor(
    Float32Array.from({ length: 2 * 4 * 6 * 8 }, (_, k) => {
      const band = k % 8;
      return (from[14 * Math.floor(k / 8) + 4 + band] as number) * (factors[band % 4] as number);
    }),
    [2, 4, 6, 8],
  );
  const back = unpack?.forward(bands).dataSync() as Float32Array;
  const given = x.dataSync();
  for (let pixel = 0; pixel < 2 * 8 * 12; pixel++)
    for (let c = 0; c < 2; c++)
      expect(back[2 * pixel + c]).toBeCloseTo(given[5 * pixel + 1 + c] as number, 5);
  bands.dispose();
});

test('convolutions between the first and the last may be virtual', () => {
  const stored = (net: ReturnType<typeof artifactNet>): number => net.summary().total.storedCount;
  expect(stored(artifactNet({ weight: hashedNet({ ratio: 1 / 8 }) }))).toBeLessThan(
    stored(artifactNet()) / 2,
  );
});

test('options that do not exist are refused', () => {
  expect(() => artifactNet({ chromaDeph: 3 } as never)).toThrow('chromaDepth');
  expect(() => artifactNet({ depth: 1 })).toThrow('depth');
});
