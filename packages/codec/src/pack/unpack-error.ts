/** A pack that cannot be read: damaged, cut off, or no pack. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError';
  /** Place in the pack, in bytes from its start. */
  readonly byteOffset: number;

  constructor(expected: string, actual: string, byteOffset: number) {
    super(`unpack: expected ${expected}, got ${actual} at byte ${byteOffset} of the pack.`);
    this.byteOffset = byteOffset;
  }
}
