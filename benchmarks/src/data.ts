import { loadMnist } from '@funhash/datasets';
import { random } from '@funhash/hashing';

/** Numbers in [-1, 1), the same for every library. */
export function uniform(length: number, seed = 1, scale = 1): Float32Array {
  return random(seed).fillUniform(new Float32Array(length), -scale, scale);
}

/** ±1. */
export function signs(length: number, seed = 1): Float32Array {
  return uniform(length, seed).map((value) => (value < 0 ? -1 : 1));
}

export function labels(count: number, classes: number): Int32Array {
  const draw = random(2);
  return Int32Array.from({ length: count }, () => draw.integer(classes));
}

export function oneHot(classOf: ArrayLike<number>, classes: number): Float32Array {
  const values = new Float32Array(classOf.length * classes);
  for (let k = 0; k < classOf.length; k++) values[k * classes + (classOf[k] as number)] = 1;
  return values;
}

/** Start weights of dense layers, each [out, in], row by row. */
export function startWeights(widths: readonly number[]): Float32Array[] {
  return widths
    .slice(1)
    .map((out, k) => uniform(out * (widths[k] as number), 3 + k, Math.sqrt(6 / (widths[k] as number)) / 2));
}

/** Start weights of a recurrent layer, [gates · hidden, width] and [gates · hidden, hidden], and of 10 classes on it. */
export function recurrentWeights({
  cell,
  width,
  hidden,
}: {
  readonly cell: 'lstm' | 'gru';
  readonly width: number;
  readonly hidden: number;
}): [Float32Array, Float32Array, Float32Array] {
  const rows = (cell === 'lstm' ? 4 : 3) * hidden;
  const scale = 1 / Math.sqrt(hidden);
  return [uniform(rows * width, 3, scale), uniform(rows * hidden, 4, scale), uniform(10 * hidden, 5, scale)];
}

/** [rows, cols] → [cols, rows]. */
export function transposed(values: Float32Array, rows: number, cols: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < cols; c++) result[c * rows + r] = values[r * cols + c] as number;
  return result;
}

/** The first MNIST images, [count, 784] in [0, 1], with labels. */
export async function mnist(count: number): Promise<{ inputs: Float32Array; labels: Int32Array }> {
  const { train } = await loadMnist({ verify: false });
  return {
    inputs: Float32Array.from(train.inputs.subarray(0, count * 784), (pixel) => pixel / 255),
    labels: Int32Array.from(train.labels.subarray(0, count)),
  };
}

/** Where each entry of a hashed matrix is stored, and its sign: the tables that the gather idiom needs. */
export function hashTables(entries: number, buckets: number): { places: Int32Array; signs: Float32Array } {
  const places = new Int32Array(entries);
  const signs = new Float32Array(entries);
  // Tens of millions of entries: a plain congruential generator, whose high bits are good enough for places.
  let state = 1;
  for (let k = 0; k < entries; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    places[k] = Math.floor((state / 2 ** 32) * buckets);
    signs[k] = state & 0x8000 ? 1 : -1;
  }
  return { places, signs };
}
