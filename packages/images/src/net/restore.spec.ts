import { random } from '@funhash/hashing';
import { useBackend } from '@funhash/layers';
import { currentBackend } from '@funhash/tensor';
import { beforeAll, expect, test } from 'vitest';
import { artifactNet } from './artifact-net.ts';
import { restore, restorePlanes } from './restore.ts';

beforeAll(() => useBackend('wasm'));

const net = artifactNet({ channels: 4, depth: 3, chromaChannels: 4, chromaDepth: 2, seed: 1 });
const draw = random(3);
const picture = (width: number, height: number) => ({
  ...{ width, height, stride: width, rows: height, sampling: [2, 2] as const },
  planes: [0, 1, 2].map(() => Float32Array.from({ length: width * height }, () => 255 * draw.uniform())),
  tables: [new Uint16Array(64).fill(20)],
});

test.each([8, 16, 24, 64])(
  'tiles of %d give what the whole picture gives, bit for bit, where it is, too',
  (tile) => {
    const given = picture(120, 72);
    const before = given.planes.map((plane) => plane.slice());
    const whole = restore(given, net, { tile: 1024 });
    expect(given.planes).toEqual(before);
    expect(restore(given, net, { tile }).planes).toEqual(whole.planes);
    const { planes } = given;
    restorePlanes(given, net, tile);
    expect(given.planes).toBe(planes);
    expect(planes).toEqual(whole.planes);
  },
);

test('tiles overlap by what the network sees, and their sides are even where it halves', () => {
  const deep = artifactNet({ channels: 4, depth: 20, chromaChannels: 4, chromaDepth: 2, seed: 2 });
  const given = picture(64, 48);
  const whole = restore(given, deep, { tile: 64 }).planes;
  for (const tile of [32, 27]) expect(restore(given, deep, { tile }).planes).toEqual(whole);
});

test('memory of the network is that of a tile, however large the picture', () => {
  const peak = (): number => {
    const backend = currentBackend() as unknown as { memoryUsage(): { peakBytes: number } };
    return backend.memoryUsage().peakBytes;
  };
  // Tiles in the middle are the largest: of 64 and twice the margin.
  restore(picture(192, 192), net, { tile: 64 });
  const ofTile = peak();
  restore(picture(640, 384), net, { tile: 64 });
  expect(peak()).toBe(ofTile);
});
