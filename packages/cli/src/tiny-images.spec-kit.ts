import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeIdx } from '@funhash/datasets';
import { random } from '@funhash/hashing';

/**
 * A folder of IDX files for tests: ten classes of images of 6 × 6 or more, each a fixed pattern under noise, so that a net learns
 * them in a second.
 */
export async function writeTinyImages(
  folder: string,
  trainCount = 400,
  testCount = 100,
  side = 6,
): Promise<void> {
  const pixels = side * side;
  await mkdir(folder, { recursive: true });
  const draw = random(1);
  const patterns = Array.from({ length: 10 }, () =>
    Array.from({ length: pixels }, () => (draw.uniform() < 0.4 ? 200 : 0)),
  );
  for (const [name, count] of [
    ['train', trainCount],
    ['t10k', testCount],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, () => draw.integer(10));
    const images = new Uint8Array(count * pixels);
    labels.forEach((label, k) => {
      (patterns[label] as number[]).forEach((level, pixel) => {
        images[k * pixels + pixel] = Math.round(level * (0.5 + 0.5 * draw.uniform()) + 55 * draw.uniform());
      });
    });
    const write = (suffix: string, bytes: Uint8Array): Promise<void> =>
      writeFile(join(folder, `${name}-${suffix}`), bytes);
    await write('images-idx3-ubyte', encodeIdx({ dtype: 'u8', shape: [count, side, side], data: images }));
    await write('labels-idx1-ubyte', encodeIdx({ dtype: 'u8', shape: [count], data: labels }));
  }
}
