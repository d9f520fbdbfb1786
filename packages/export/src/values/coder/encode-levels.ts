/** What encoder and decoder of levels agree on; the text of the decoder is written with it. */
export interface Coding {
  /** Digits of the code are 0 … radix − 1: bytes, or characters of a text. */
  readonly radix: number;
  /** Magnitudes of levels are below 2 ** depth. */
  readonly depth: number;
  /** Magnitudes are coded by how large the one before was: 0, 1, …, classes − 1 and above. */
  readonly classes: number;
}

/** A range stays below 2^31, so that its parts are whole numbers of 32 bits in C, WebAssembly and scripts. Below `least`, a digit is read. */
export const rangeOf = ({ radix }: Pick<Coding, 'radix'>) => ({ least: Math.floor(2 ** 31 / radix) });

/** Zeros and ones that a context has counted: beyond, it forgets half of them. A byte holds each count. */
export const mostCount = 253;

/** Contexts of a coding: of signs, at 0, and of the bits of magnitudes, class by class. */
export const contextCount = ({ depth, classes }: Coding): number => classes * 2 ** depth;

/** The sum behind a range, exact while the code grows: its digits, the most significant first. */
class Encoder {
  readonly digits: number[] = [];
  readonly #radix: number;
  readonly #least: number;
  #range = 1;

  constructor(radix: number) {
    this.#radix = radix;
    this.#least = rangeOf({ radix }).least;
  }

  /** One bin by what its context has counted. */
  bin(bin: number, counts: Uint8Array, context: number): void {
    for (; this.#range < this.#least; this.#range *= this.#radix) this.digits.push(0);
    const [zeros, ones] = [counts[2 * context] as number, counts[2 * context + 1] as number];
    const part = Math.floor(this.#range / (2 * (zeros + ones) + 2)) * (2 * zeros + 1);
    if (bin === 1) {
      this.#add(part);
      this.#range -= part;
    } else this.#range = part;
    if (zeros + ones > mostCount) {
      counts[2 * context] = zeros >> 1;
      counts[2 * context + 1] = ones >> 1;
    }
    counts[2 * context + bin] = (counts[2 * context + bin] as number) + 1;
  }

  #add(part: number): void {
    let rest = part;
    for (let at = this.digits.length - 1; rest > 0; at--) {
      rest += this.digits[at] as number;
      this.digits[at] = rest % this.#radix;
      rest = Math.floor(rest / this.#radix);
    }
  }
}

/**
 * The levels of arrays, one behind the other, by an adaptive range coder: a level is the bits of its magnitude, the highest first, each by what
 * stood in that place so far (Krichevsky and Trofimov 1981), then its sign. Each array begins anew.
 *
 * @returns digits of the code, all that a decoder reads
 */
export function encodedLevels(arrays: readonly Int32Array[], coding: Coding): readonly number[] {
  const { radix, depth, classes } = coding;
  const encoder = new Encoder(radix);
  const size = 2 ** depth;
  for (const levels of arrays) {
    const counts = new Uint8Array(2 * contextCount(coding));
    let before = 0;
    for (const level of levels) {
      const magnitude = Math.abs(level);
      for (let bit = depth - 1, node = 1; bit >= 0; bit--) {
        const bin = (magnitude >> bit) & 1;
        encoder.bin(bin, counts, node + size * before);
        node = 2 * node + bin;
      }
      before = Math.min(magnitude, classes - 1);
      if (magnitude > 0) encoder.bin(level < 0 ? 1 : 0, counts, 0);
    }
  }
  return encoder.digits;
}

/** The coding of arrays that takes the fewest digits. */
export function codingOf(arrays: readonly Int32Array[], radix: number): Coding {
  const most = arrays.reduce(
    (high, levels) => levels.reduce((own, level) => Math.max(own, Math.abs(level)), high),
    1,
  );
  const depth = 32 - Math.clz32(most);
  const tried = [1, 2, 3].map((classes) => {
    const coding = { radix, depth, classes };
    return { coding, digits: encodedLevels(arrays, coding).length };
  });
  return tried.reduce((best, each) => (each.digits < best.digits ? each : best)).coding;
}
