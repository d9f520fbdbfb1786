// The layout of a pack (.fhp), as docs/format.md has it byte by byte.

/** `FHP` and the version. */
export const magic = [0x46, 0x48, 0x50, 1] as const;

/** What a tensor is stored as: coded values, or bytes as they are. */
export const storage = { coded: 0, raw: 1 } as const;

/** Dtypes of safetensors by their number in a pack, with their bytes. */
export const packDtypes = [
  ['F32', 4],
  ['F64', 8],
  ['F16', 2],
  ['BF16', 2],
  ['I32', 4],
  ['U8', 1],
] as const;

export type PackDtype = (typeof packDtypes)[number][0];

export const limits = {
  nameBytes: 2 ** 12,
  rank: 16,
  /** Values that a byte of a codeword can hold: the least share of the range that a bin has costs 1/122 bit. */
  valuesPerByte: 1000,
} as const;

export const greaterFlags = 11;
