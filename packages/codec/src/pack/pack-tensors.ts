import { ArgumentError, checkOptions, crc32, joinArrays, type OptionsOf, option } from '@funhash/hashing';
import { CodewordWriter } from '../coder/codeword-writer.ts';
import { quantizeDependent } from '../coder/quantize/dependent.ts';
import { entriesOf, type LazyTensor, lazy, type Named, type StoredTensor } from '../container/safetensors.ts';
import { bfloat16ToNumber } from '../formats/floats/bfloat16.ts';
import { float16ToNumber } from '../formats/floats/float16.ts';
import { greaterFlags, limits, magic, type PackDtype, packDtypes, storage } from './layout.ts';

export const packRules = {
  /**
   * Signal to noise of the matrices in decibels, 1 to 100: the ratio of power to that of errors, whose inverse is a mean over matrices. Default 21:
   * about 3 bits a weight.
   */
  quality: option.real({ least: 1, most: 100 }),
  /** Whether every matrix has that quality. Default: the noise of each goes with its number of values, which takes the fewest bits at that mean. */
  even: option.flag(),
  /** Signal to noise of tensors of one dimension, such as biases. Default 40 more than `quality`. */
  vectorQuality: option.real({ least: 1, most: 140 }),
  /** Weight of the rate in quantisation: see `quantizeDependent`. Default 1. */
  lambda: option.real({ least: 0 }),
} as const;

/** How weights are packed; see the fields. */
export type PackOptions = OptionsOf<typeof packRules>;

/**
 * Packs tensors of a network that need no description: real ones by dependent quantisation and entropy coding, others as they
 * are. `unpack` of `@funhash/codec/unpack` reads them.
 *
 * @param tensors those of a safetensors file, by name
 * @throws ArgumentError for names that are too long, more than 16 extents, unknown options
 */
export function pack(tensors: Named<StoredTensor>, options: PackOptions = {}): Uint8Array {
  const all = entriesOf(tensors).map(([name, tensor]) => [name, lazy(tensor)] as const);
  return joinArrays(Uint8Array, [...packTensors(all, options)]);
}

/**
 * The bytes of a pack in parts, a tensor in each, so that only one needs memory at a time.
 *
 * @throws ArgumentError as `pack`
 */
export function* packTensors(
  tensors: Iterable<readonly [name: string, tensor: LazyTensor]>,
  options: PackOptions = {},
): Generator<Uint8Array, void> {
  checkOptions('pack', packRules, options);
  const all = [...tensors];
  const qualityOf = qualities(
    all.map(([, tensor]) => tensor),
    options,
  );
  let sum = 0;
  const summed = (chunk: Uint8Array): Uint8Array => {
    sum = crc32(chunk, sum);
    return chunk;
  };
  yield summed(Uint8Array.from(magic));
  const names = new Set<string>();
  for (const [name, tensor] of all) {
    if (names.has(name)) throw packError('names that differ', name);
    names.add(name);
    yield summed(packed(name, tensor, qualityOf(tensor), options.lambda));
  }
  yield summed(Uint8Array.of(0));
  yield Uint8Array.of(sum, sum >>> 8, sum >>> 16, sum >>> 24);
}

const packError = (expected: string, actual: string): ArgumentError =>
  new ArgumentError({ operation: 'pack', expected, actual });

/** The most noise that a matrix is given, as a share of its power: beyond it few values are left. */
const mostNoise = 1 / 4;

/**
 * Signal to noise of each tensor. Where what a network answers is off by the sum of the noise to signal n of its matrices, and one of k values takes
 * k/2 · log2(1/n) bits, the fewest bits at a given sum are where n goes with k.
 */
function qualities(
  tensors: readonly LazyTensor[],
  { quality = 21, vectorQuality = Math.min(140, quality + 40), even = false }: PackOptions,
): (tensor: LazyTensor) => number {
  const matrices = tensors.filter(({ shape }) => shape.length > 1).map(({ shape }) => countOf(shape));
  const mean = matrices.reduce((sum, count) => sum + count, 0) / Math.max(1, matrices.length) || 1;
  return ({ shape }) => {
    if (shape.length <= 1) return vectorQuality;
    const noise = 10 ** (-quality / 10);
    const share = even ? noise : Math.min((noise * countOf(shape)) / mean, Math.max(noise, mostNoise));
    return Math.min(100, -10 * Math.log10(share));
  };
}

const countOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

function packed(name: string, tensor: LazyTensor, quality: number, lambda?: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  if (text.length === 0 || text.length > limits.nameBytes)
    throw packError(`names of 1 to ${limits.nameBytes} bytes`, `${text.length} bytes`);
  const { dtype, shape } = tensor;
  if (shape.length > limits.rank) throw packError(`at most ${limits.rank} extents`, `${shape.length}`);
  const code = packDtypes.findIndex(([known]) => known === dtype);
  if (code < 0) throw packError('a dtype of safetensors', String(dtype));
  const head = [code, shape.length, ...shape].flatMap(groups);
  const start = [...groups(text.length), ...text];
  const data = tensor.read();
  const values = realValues(dtype, data);
  if (!values) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return joinArrays(Uint8Array, [start, [storage.raw], head, bytes]);
  }
  const { step, levels } = quantized(values, quality, lambda);
  const writer = new CodewordWriter();
  writer.levels(levels, { dependent: true, greaterFlags });
  const codeword = writer.finish();
  const stepBytes = new Uint8Array(Float32Array.of(step).buffer);
  return joinArrays(Uint8Array, [start, [storage.coded], head, stepBytes, groups(codeword.length), codeword]);
}

/** A whole number in groups of seven bits, the lowest first. */
function groups(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** Finite values as f32; undefined of anything else, and of values so small or large that a step for them is none of f32. */
function realValues(dtype: PackDtype, data: StoredTensor['data']): Float32Array | undefined {
  const values =
    dtype === 'F16'
      ? Float32Array.from(data as Uint16Array, float16ToNumber)
      : dtype === 'BF16'
        ? Float32Array.from(data as Uint16Array, bfloat16ToNumber)
        : dtype === 'F32'
          ? (data as Float32Array)
          : dtype === 'F64'
            ? Float32Array.from(data as Float64Array)
            : undefined;
  if (!values) return undefined;
  let largest = 0;
  for (const x of values) {
    if (!Number.isFinite(x)) return undefined;
    largest = Math.max(largest, Math.abs(x));
  }
  return largest === 0 || (largest > 2 ** -60 && largest < 2 ** 120) ? values : undefined;
}

/** Values on which a step is looked for: enough for its noise. */
const probeLength = 2 ** 14;
const probes = 4;

function quantized(
  values: Float32Array,
  decibels: number,
  lambda = 1,
): { readonly step: number; readonly levels: Int32Array } {
  const probe = probeOf(values);
  const power = probe.reduce((sum, x) => sum + x * x, 0) / Math.max(1, probe.length);
  if (power === 0) return { step: 1, levels: levelsAt(values, 1, lambda) };
  const noise = power / 10 ** (decibels / 10);
  // At small steps the noise is that of a uniform quantiser of 1.8 steps, 1 dB less.
  let step = largestStep(values, Math.sqrt((12 * noise * 1.26) / 1.8 ** 2));
  for (let k = 0; k < probes; k++) {
    const levels = levelsAt(probe, step, lambda);
    const found =
      probe.reduce((sum, x, i) => sum + (x - step * (levels[i] as number)) ** 2, 0) / probe.length;
    if (Math.abs(10 * Math.log10(found / noise)) < 0.02 || found === 0) break;
    step = largestStep(values, step * Math.max(0.25, Math.min(4, Math.sqrt(noise / found))));
  }
  return { step, levels: levelsAt(values, step, lambda) };
}

/** A step as f32 at which levels have 30 bits at most. */
function largestStep(values: Float32Array, step: number): number {
  let largest = 0;
  for (const x of values) largest = Math.max(largest, Math.abs(x));
  return Math.fround(Math.max(step, largest / 2 ** 30, 2 ** -120));
}

const levelsAt = (values: Float32Array, step: number, lambda: number): Int32Array =>
  quantizeDependent(values, { step, lambda, greaterFlags });

/** Four pieces of a long tensor. */
function probeOf(values: Float32Array): Float32Array {
  if (values.length <= probeLength) return values;
  const piece = probeLength / 4;
  const probe = new Float32Array(probeLength);
  for (let k = 0; k < 4; k++) {
    const from = Math.floor(((values.length - piece) * k) / 3);
    probe.set(values.subarray(from, from + piece), k * piece);
  }
  return probe;
}
