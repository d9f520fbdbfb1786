/** Values that are whole multiples of a step. */
export interface Levels {
  readonly levels: Int32Array;
  readonly step: number;
  readonly least: number;
  /** What levels lie apart: 2 where all are odd, as signs are, else 1. */
  readonly gap: 1 | 2;
  /** Levels from the least to the greatest, a gap apart: codes of 0 … count − 1 say them. */
  readonly count: number;
}

const mostLevel = 127;

/**
 * The step of which values are multiples, to the last bit of an f32, where there is one of at most 127 of either sign:
 * values of a file of codes, or of a weight that is quantised.
 */
export function levelsOf(values: Float32Array): Levels | undefined {
  const sizes = new Set<number>();
  if (values.every((value) => value === 0) && values.some((value) => Object.is(value, -0))) return undefined;
  for (const value of values) {
    if (!Number.isFinite(value)) return undefined;
    if (value !== 0) sizes.add(Math.abs(value));
    if (sizes.size > mostLevel) return undefined;
  }
  const sorted = [...sizes].sort((a, b) => a - b);
  const [least] = sorted;
  const largest = sorted.at(-1);
  if (least === undefined || largest === undefined)
    return { levels: new Int32Array(values.length), step: 0, least: 0, gap: 1, count: 1 };
  for (let level = 1; level <= mostLevel; level++) {
    const most = Math.round((largest / least) * level);
    if (most > mostLevel) return undefined;
    // The step lies where both the least and the largest value say it.
    for (const step of [...rounded(largest / most), largest / most, least / level])
      if (sorted.every((value) => Math.fround(Math.round(value / step) * step) === value))
        return spread(
          // Rounded weights have zeros of either sign, of which no sum tells.
          Int32Array.from(values, (value) => Math.round(value / step)),
          step,
        );
  }
  return undefined;
}

function spread(levels: Int32Array, step: number): Levels {
  const least = levels.reduce((low, level) => Math.min(low, level));
  const greatest = levels.reduce((high, level) => Math.max(high, level));
  const gap = levels.every((level) => level & 1) ? 2 : 1;
  return { levels, step, least, gap, count: (greatest - least) / gap + 1 };
}

/** A step as files have it: an f32, by which C and WebAssembly multiply to the same bits, or of few decimal digits. */
const rounded = (step: number): readonly number[] => {
  const single = Math.fround(step);
  const ulp = 2 ** (Math.floor(Math.log2(single)) - 23);
  return [single, single + ulp, single - ulp, Number(step.toPrecision(4))];
};

/** The step in the fewest digits by which a script, which multiplies doubles, comes to the same f32. */
export function shortStep({ levels, step }: Levels): number {
  const known = [...new Set(levels)];
  for (let digits = 1; digits < 17; digits++) {
    const short = Number(step.toPrecision(digits));
    if (known.every((level) => Math.fround(level * short) === Math.fround(level * step))) return short;
  }
  return step;
}

/** Arrays of fewer values gain nothing by codes. */
export const fewestCodes = 16;

/** Bits of a code: the fewest that tell all apart. */
export const bitsOf = ({ count }: Levels): number => Math.max(1, Math.ceil(Math.log2(count)));

/** Codes of levels, packed from the lowest bit of the first byte on, with a byte behind that readers reach. */
export function packedCodes(found: Levels): Uint8Array {
  const { levels, least, gap } = found;
  const bits = bitsOf(found);
  const bytes = new Uint8Array(Math.ceil((levels.length * bits) / 8) + (bits === 8 ? 0 : 1));
  levels.forEach((level, k) => {
    const at = k * bits;
    const pair = ((level - least) / gap) << (at & 7);
    bytes[at >> 3] = (bytes[at >> 3] as number) | (pair & 255);
    if (pair > 255) bytes[(at >> 3) + 1] = (bytes[(at >> 3) + 1] as number) | (pair >> 8);
  });
  return bytes;
}
