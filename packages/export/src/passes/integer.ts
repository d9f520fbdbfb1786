import { sizeOf } from '@funhash/tensor';
import type { NetworkBuffer } from '../network.ts';
import { isMatrix, type Operation, type Product, viewsOf, type WholeSums } from '../operations.ts';
import { fewestCodes, type Levels, levelsOf } from '../values/levels.ts';
import { hasOnly } from './fuse.ts';

/** A network whose numbers between products are whole ones of 16 bits. */
export interface Integers {
  readonly buffers: readonly NetworkBuffer[];
  readonly operations: readonly Operation[];
  /** What a one is worth in each buffer of such numbers: a power of two. */
  readonly steps: ReadonlyMap<number, number>;
}

/** Most of either sign that a number of 16 bits says, and most of a sum without its bias, so that 32 bits hold both. */
const mostFixed = 32767;
const mostSum = 2 ** 30;

/**
 * A network with numbers of 16 bits in place of reals, and products of these with codes as sums of 32 bits.
 *
 * @param ranges the largest magnitude in each buffer that is written, and in the input
 */
export function withIntegers(
  given: readonly NetworkBuffer[],
  operations: readonly Operation[],
  ranges: ReadonlyMap<number, number>,
  output: number,
): Integers {
  const buffers = [...given];
  const codes = new Map<number, Levels>();
  for (const [number, { values }] of buffers.entries()) {
    const found =
      values instanceof Float32Array && values.length >= fewestCodes ? levelsOf(values) : undefined;
    if (found && found.step > 0) codes.set(number, found);
  }
  const limits = new Map<number, number>();
  for (const operation of operations) {
    const levels = operation.kind === 'product' ? levelSumOf(operation, codes) : undefined;
    if (operation.kind !== 'product' || !levels) continue;
    for (const { buffer } of operation.xs)
      limits.set(buffer, Math.min(limits.get(buffer) ?? mostFixed, Math.floor(mostSum / levels)));
  }
  const steps = new Map<number, number>();
  for (const [buffer, most] of ranges) {
    const limit = limits.get(buffer) ?? mostFixed;
    if (buffers[buffer]?.dtype !== 'f32' || limit < 1) continue;
    steps.set(buffer, 2 ** Math.ceil(Math.log2((most || 1) / limit)));
  }
  const made = operations.map((operation): Operation => {
    if (operation.kind !== 'product' || !levelSumOf(operation, codes)) return operation;
    const [{ buffer }] = operation.xs as [Product['xs'][number]];
    const step = steps.get(buffer);
    const code = isMatrix(operation.weight) ? undefined : codes.get(operation.weight.buffer);
    if (step === undefined || !code) return operation;
    return wholeProduct(operation, step * code.step, steps.get(operation.out.buffer), buffers);
  });
  // What nothing reads any more is not in the file.
  const read = new Set(made.flatMap((operation) => viewsOf(operation).reads.map(({ buffer }) => buffer)));
  read.add(output);
  return {
    buffers: buffers.map((buffer, k) => (read.has(k) ? buffer : { ...buffer, values: undefined })),
    operations: made,
    steps,
  };
}

/** The largest sum of magnitudes of levels of a row of a matrix of codes; undefined for a matrix that is none, or another one for other rows of x. */
function levelSumOf({ weight, rowAxes }: Product, codes: ReadonlyMap<number, Levels>): number | undefined {
  if (isMatrix(weight) || weight.strides.slice(0, rowAxes).some((stride) => stride !== 0)) return undefined;
  const found = codes.get(weight.buffer);
  if (!found) return undefined;
  const [rows, depth] = weight.shape.slice(rowAxes) as [number, number];
  const [down, across] = weight.strides.slice(rowAxes) as [number, number];
  let most = 1;
  for (let n = 0; n < rows; n++) {
    let sum = 0;
    for (let k = 0; k < depth; k++)
      sum += Math.abs(found.levels[weight.offset + n * down + k * across] as number);
    most = Math.max(most, sum);
  }
  return most;
}

/** A product of whole numbers; its bias goes into `buffers` as numbers of 32 bits, where its result takes no reals. */
function wholeProduct(
  product: Product,
  unit: number,
  step: number | undefined,
  buffers: NetworkBuffer[],
): Product {
  const { bias, inner, outer, outerFirst } = product;
  const plain: Product = { ...product, whole: { unit } };
  const isRelu = inner.every(({ program }) => hasOnly(program, 'relu'));
  const isLargest = !outer || (hasOnly(outer, 'maximum') && (outerFirst || inner.length === 0));
  if (step === undefined || !isRelu || !isLargest) return plain;
  const ratio = unit / step;
  const shift = Math.min(62, 30 - Math.ceil(Math.log2(ratio)));
  const multiplier = Math.round(ratio * 2 ** shift);
  if (shift < 2 || multiplier < 2 ** 16) return plain;
  const whole: WholeSums = { unit, result: { multiplier, shift, least: inner.length > 0 ? 0 : -mostFixed } };
  const made: Product = { ...product, inner: [], whole };
  if (!bias) return made;
  const { values } = buffers[bias.buffer] as NetworkBuffer;
  if (!(values instanceof Float32Array)) return plain;
  const stride = bias.strides[0] ?? 0;
  const sums = Int32Array.from({ length: sizeOf(bias.shape) }, (_, n) =>
    Math.round((values[bias.offset + n * stride] as number) / unit),
  );
  if (bias.shape.length !== 1 || sums.some((sum) => Math.abs(sum) > mostSum)) return plain;
  const buffer = buffers.push({ dtype: 'i32', length: sums.length, values: sums }) - 1;
  return { ...made, bias: { buffer, offset: 0, shape: bias.shape, strides: [1] } };
}
