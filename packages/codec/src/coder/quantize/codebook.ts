import { ArgumentError, requireBytes, shownValue } from '@funhash/hashing';
import { BitReader } from '../bits/bit-reader.ts';
import { BitWriter } from '../bits/bit-writer.ts';
import { refuseAs } from '../bitstream-error.ts';

/** Levels by a list of those that occur: for tensors of few distinct values, however far apart. */
export interface Codebook {
  /** The distinct levels, ascending. */
  readonly entries: Int32Array;
  /** Index of the entry that is coded as 0: the most frequent one. */
  readonly zero: number;
}

/** Most entries of a codebook. */
const mostEntries = 2 ** 16;
/** Largest magnitude of an entry. */
const mostEntry = 2 ** 30 - 1;
const orders = 16;

/**
 * The codebook of levels, and in their place indices less `zero`, which `CodewordWriter.levels` codes.
 *
 * @throws ArgumentError for more than 65 536 distinct levels, or levels beyond ±(2³⁰ − 1)
 */
export function toCodebook(levels: Int32Array): { readonly codebook: Codebook; readonly codes: Int32Array } {
  const operation = 'toCodebook';
  if (!(levels instanceof Int32Array))
    throw new ArgumentError({ operation, expected: 'levels in an Int32Array', actual: shownValue(levels) });
  const counts = new Map<number, number>();
  for (const level of levels) {
    if (Math.abs(level) > mostEntry)
      throw new ArgumentError({ operation, expected: `levels up to ±${mostEntry}`, actual: String(level) });
    counts.set(level, (counts.get(level) ?? 0) + 1);
    if (counts.size > mostEntries)
      throw new ArgumentError({
        operation,
        expected: `at most ${mostEntries} distinct levels`,
        actual: 'more',
        remedy: 'Code the levels themselves.',
      });
  }
  const entries = Int32Array.from(counts.keys()).sort();
  const indices = new Map<number, number>();
  let zero = 0;
  for (const [index, level] of entries.entries()) {
    indices.set(level, index);
    if ((counts.get(level) as number) > (counts.get(entries[zero] as number) as number)) zero = index;
  }
  return {
    codebook: { entries, zero },
    codes: levels.map((level) => (indices.get(level) as number) - zero),
  };
}

/**
 * Levels of coded indices.
 *
 * @throws BitstreamError for an index outside of the codebook
 */
export function fromCodebook({ entries, zero }: Codebook, codes: Int32Array): Int32Array {
  return codes.map((code) => {
    const level = entries[code + zero];
    return level === undefined
      ? refuseAs('fromCodebook')(`indices of ${entries.length} entries`, `${code + zero}`)
      : level;
  });
}

/**
 * A codebook in the syntax of the standard: order of gaps u(4), size ue(2), the place of `zero` ie(2), its entry ie(7), then
 * gaps less 1 to the left and to the right of it; whole bytes.
 */
export function encodeCodebook({ entries, zero }: Codebook): Uint8Array {
  let best: Uint8Array | undefined;
  for (let order = 0; order < orders; order++) {
    const writer = new BitWriter();
    writer.bits(4, order);
    writer.unsigned(2, entries.length);
    if (entries.length > 0) {
      writer.signed(2, zero - (entries.length >> 1));
      writer.signed(7, entries[zero] as number);
      for (let i = zero - 1; i >= 0; i--) writer.unsigned(order, gap(entries, i));
      for (let i = zero; i + 1 < entries.length; i++) writer.unsigned(order, gap(entries, i));
    }
    const bytes = writer.finish();
    if (best === undefined || bytes.length < best.length) best = bytes;
  }
  return best as Uint8Array;
}

const gap = (entries: Int32Array, i: number): number =>
  (entries[i + 1] as number) - (entries[i] as number) - 1;

/**
 * What `encodeCodebook` wrote, at the start of bytes.
 *
 * @returns the codebook, and the bytes that it took
 * @throws BitstreamError for others: cut off, too large, entries beyond ±(2³⁰ − 1)
 */
export function decodeCodebook(bytes: Uint8Array): {
  readonly codebook: Codebook;
  readonly byteLength: number;
} {
  const operation = 'decodeCodebook';
  const refuse = refuseAs(operation);
  const given = requireBytes(operation, 'bytes', bytes);
  const reader = new BitReader(given, refuse);
  const order = reader.bits(4);
  const size = reader.unsigned(2);
  // Each gap takes a bit.
  if (size > mostEntries || size > 8 * given.length)
    refuse(`at most ${Math.min(mostEntries, 8 * given.length)} entries`, `${size}`);
  const entries = new Int32Array(size);
  let zero = 0;
  if (size > 0) {
    zero = reader.signed(2) + (size >> 1);
    if (zero < 0 || zero >= size) refuse(`the index of one of ${size} entries`, `${zero}`);
    const checked = (level: number): number =>
      Math.abs(level) <= mostEntry ? level : refuse(`entries up to ±${mostEntry}`, `${level}`);
    entries[zero] = checked(reader.signed(7));
    for (let i = zero - 1; i >= 0; i--)
      entries[i] = checked((entries[i + 1] as number) - reader.unsigned(order) - 1);
    for (let i = zero + 1; i < size; i++)
      entries[i] = checked((entries[i - 1] as number) + reader.unsigned(order) + 1);
  }
  return { codebook: { entries, zero }, byteLength: reader.finish() };
}
