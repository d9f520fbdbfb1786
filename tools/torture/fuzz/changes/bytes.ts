import { type Draw, edges, pick } from '../draw.ts';

/** The most that a change adds. */
const longest = 2 ** 16;

/** Bytes with one change that knows nothing of their meaning. */
export function changedBytes(bytes: Uint8Array, draw: Draw): Uint8Array {
  const at = draw.integer(bytes.length + 1);
  const length = draw.integer(Math.min(64, bytes.length - at) + 1);
  switch (draw.integer(10)) {
    case 0:
    case 1: {
      const flipped = bytes.slice();
      const place = draw.integer(Math.max(1, bytes.length));
      if (place < flipped.length) flipped[place] = (flipped[place] as number) ^ (1 << draw.integer(8));
      return flipped;
    }
    case 2:
      return bytes.slice(0, at);
    case 3:
      return spliced(bytes, at, length, new Uint8Array(0));
    case 4:
      return spliced(bytes, at, 0, bytes.subarray(at, at + length));
    case 5:
      return spliced(bytes, at, draw.integer(2) * length, noise(1 + draw.integer(32), draw));
    case 6:
      return withNumber(bytes, at, pick(draw, edges), pick(draw, [1, 2, 4, 8]), draw.integer(2) === 0);
    case 7: {
      const from = draw.integer(bytes.length + 1);
      return spliced(bytes, at, length, bytes.subarray(from, from + length));
    }
    case 8: {
      const filled = bytes.slice();
      filled.fill(pick(draw, [0, 0xff, 0x20]), at, at + length);
      return filled;
    }
    default: {
      const part = bytes.subarray(at, at + Math.max(1, length));
      const times = part.length === 0 ? 0 : Math.floor(draw.integer(longest) / part.length);
      const repeated = new Uint8Array(part.length * times);
      for (let k = 0; k < times; k++) repeated.set(part, k * part.length);
      return spliced(bytes, at, 0, repeated);
    }
  }
}

/** Bytes with some of them replaced by others. */
export function spliced(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const rest = bytes.subarray(at + removed);
  const result = new Uint8Array(at + inserted.length + rest.length);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(rest, at + inserted.length);
  return result;
}

/** Bytes with a whole number written over them. */
export function withNumber(
  bytes: Uint8Array,
  at: number,
  value: number,
  width: number,
  isBigEndian: boolean,
): Uint8Array {
  const result = bytes.slice();
  let rest = value;
  for (let k = 0; k < width; k++) {
    const place = at + (isBigEndian ? width - 1 - k : k);
    if (place < result.length) result[place] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return result;
}

/** Bytes of any value. */
export function noise(length: number, draw: Draw): Uint8Array {
  return Uint8Array.from({ length }, () => draw.integer(256));
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
