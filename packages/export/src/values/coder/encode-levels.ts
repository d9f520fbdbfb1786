/** What encoder and decoder of levels agree on; the text of the decoder is written with it. */
export interface Coding {
  /** Digits of the code are 0 … radix − 1: bytes, or characters of a text. */
  readonly radix: number;
  /** Magnitudes below 2 ** depth − 1 are said in so many bits. */
  readonly depth: number;
  /** Whether that one says "or more", and is followed by how many more; else it is a magnitude as the others. */
  readonly goesOn: boolean;
  /** Magnitudes are coded by how large the one before was: 0, 1, …, classes − 1 and above. */
  readonly classes: number;
}

/** A range stays below 2^31, so that its parts are whole numbers of 32 bits in C, WebAssembly and scripts. Below `least`, a digit is read. */
export const rangeOf = ({ radix }: Pick<Coding, 'radix'>) => ({ least: Math.floor(2 ** 31 / radix) });

/** Zeros and ones that a context has counted: beyond, it forgets half of them. A byte holds each count. */
export const mostCount = 253;

/** Contexts of a coding: of signs, at 0, of the bits of magnitudes, class by class, and of whether a magnitude goes on. */
export const contextCount = ({ depth, classes, goesOn }: Coding): number =>
  onContext({ depth, classes }) + (goesOn ? 1 : 0);

/** The context of whether a magnitude goes on. */
export const onContext = ({ depth, classes }: Pick<Coding, 'depth' | 'classes'>): number =>
  classes * 2 ** depth;

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
 * stood in that place so far (Krichevsky and Trofimov 1981), ones for what it is more than these can say, then its sign. Each array begins anew.
 *
 * @returns digits of the code, all that a decoder reads
 */
export function encodedLevels(arrays: readonly Int32Array[], coding: Coding): readonly number[] {
  const { radix, depth, classes, goesOn } = coding;
  const encoder = new Encoder(radix);
  const size = 2 ** depth;
  for (const levels of arrays) {
    const counts = new Uint8Array(2 * contextCount(coding));
    let before = 0;
    for (const level of levels) {
      const magnitude = Math.abs(level);
      const said = Math.min(magnitude, size - 1);
      for (let bit = depth - 1, node = 1; bit >= 0; bit--) {
        const bin = (said >> bit) & 1;
        encoder.bin(bin, counts, node + size * before);
        node = 2 * node + bin;
      }
      if (goesOn && said === size - 1) {
        for (let more = said; more < magnitude; more++) encoder.bin(1, counts, onContext(coding));
        encoder.bin(0, counts, onContext(coding));
      }
      before = Math.min(magnitude, classes - 1);
      if (magnitude > 0) encoder.bin(level < 0 ? 1 : 0, counts, 0);
    }
  }
  return encoder.digits;
}

/** The coding of arrays that takes the fewest digits; of those that do, the one of the fewest contexts. */
export function codingOf(arrays: readonly Int32Array[], radix: number): Coding {
  const most = arrays.reduce(
    (high, levels) => levels.reduce((own, level) => Math.max(own, Math.abs(level)), high),
    1,
  );
  const whole = 32 - Math.clz32(most);
  const depths = [whole, whole - 1, whole - 2].filter((depth) => depth >= 1);
  const tried = depths.flatMap((depth) =>
    [1, 2, 3].map((classes) => {
      const coding = { radix, depth, classes, goesOn: depth < whole };
      return { coding, digits: encodedLevels(arrays, coding).length };
    }),
  );
  return tried.reduce((best, each) =>
    each.digits < best.digits ||
    (each.digits === best.digits && contextCount(each.coding) < contextCount(best.coding))
      ? each
      : best,
  ).coding;
}
