import { isCount, safetensorsLimits } from '../safetensors.ts';

// The layout of a compact file (docs/format.md has it bit by bit).

/** `FHC` and the version. */
export const magic = [0x46, 0x48, 0x43, 1] as const;
/** Bytes in front of the code: those, and the checksum of all behind it. */
export const headBytes = 8;

export const limits = {
  /** Bytes of the text. */
  text: 2 ** 16,
  tensors: 2 ** 12,
  /** A bit costs 1/710 of itself at least, so that a byte holds no more levels, and bytes of elements of 8 bits each. */
  levelsPerByte: 2 ** 13,
  bytesPerByte: 2 ** 10,
} as const;

/** Kinds of flags. */
export const flags = { sameStep: 0, halves: 1 } as const;

/** Whether bytes begin as a compact file does, of any version. */
export const isCompact = (bytes: Uint8Array): boolean =>
  magic.every((byte, k) => k === 3 || bytes[k] === byte) &&
  (bytes[3] as number) > 0 &&
  (bytes[3] as number) < 32;

/** Whether a value can be the extents behind a tensor's name and format. */
export const areExtents = (extents: readonly unknown[]): extents is number[] =>
  extents.length <= safetensorsLimits.maxRank && extents.every(isCount);

/** The place in f32 elements of byte k of their upper halves. */
export const placeOfHalf = (k: number): number => 2 * k - (k & 1) + 2;
