import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeIdx } from '@funhash/datasets';
import { random } from '@funhash/hashing';

/**
 * A folder of IDX files for tests: ten classes of 6 × 6 images, each a fixed pattern under noise, so that a net learns
 * them in a second.
 */
export async function writeTinyImages(folder: string, trainCount = 400, testCount = 100): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draw = random(1);
  const patterns = Array.from({ length: 10 }, () =>
    Array.from({ length: 36 }, () => (draw.uniform() < 0.4 ? 200 : 0)),
  );
  for (const [name, count] of [
    ['train', trainCount],
    ['t10k', testCount],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, () => draw.integer(10));
    const images = new Uint8Array(count * 36);
    labels.forEach((label, k) => {
      (patterns[label] as number[]).forEach((level, pixel) => {
        images[k * 36 + pixel] = Math.round(level * (0.5 + 0.5 * draw.uniform()) + 55 * draw.uniform());
      });
    });
    const write = (suffix: string, bytes: Uint8Array): Promise<void> =>
      writeFile(join(folder, `${name}-${suffix}`), bytes);
    await write('images-idx3-ubyte', encodeIdx({ dtype: 'u8', shape: [count, 6, 6], data: images }));
    await write('labels-idx1-ubyte', encodeIdx({ dtype: 'u8', shape: [count], data: labels }));
  }
}
