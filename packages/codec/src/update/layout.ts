// The layout of an update (.fhu), as docs/format.md has it byte by byte.

/** `FHU` and the version. */
export const magic = [0x46, 0x48, 0x55, 1] as const;

/** Bytes around the codeword: `FHU1` and the fingerprint before it, the checksum behind it. */
export const headBytes = 8;
export const tailBytes = 4;

/** The step as the standard writes it, four in an octave: this much is added to its number. */
export const stepOffset = 256;
export const stepBits = 9;
export const greaterFlags = 11;
