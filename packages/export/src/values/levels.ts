/** Values that are whole multiples of a step. */
export interface Levels {
  readonly levels: Int32Array;
  readonly step: number;
  /** Largest magnitude of a level. */
  readonly most: number;
}

const mostLevel = 127;

/**
 * The step of which values are multiples, to the last bit of an f32, where there is one of at most 127 of either sign:
 * values of a file of codes, or of a weight that is quantised.
 */
export function levelsOf(values: Float32Array): Levels | undefined {
  const sizes = new Set<number>();
  for (const value of values) {
    if (!Number.isFinite(value) || Object.is(value, -0)) return undefined;
    if (value !== 0) sizes.add(Math.abs(value));
    if (sizes.size > mostLevel) return undefined;
  }
  const sorted = [...sizes].sort((a, b) => a - b);
  const [least] = sorted;
  const largest = sorted.at(-1);
  if (least === undefined || largest === undefined)
    return { levels: new Int32Array(values.length), step: 0, most: 0 };
  for (let level = 1; level <= mostLevel; level++) {
    const most = Math.round((largest / least) * level);
    if (most > mostLevel) return undefined;
    // The step lies where both the least and the largest value say it.
    for (const step of [largest / most, least / level, ...rounded(largest / most)])
      if (sorted.every((value) => Math.fround(Math.round(value / step) * step) === value))
        return { levels: Int32Array.from(values, (value) => Math.round(value / step)), step, most };
  }
  return undefined;
}

/** A step as files have it: of few decimal digits, or an f32. */
const rounded = (step: number): readonly number[] => {
  const single = Math.fround(step);
  const ulp = 2 ** (Math.floor(Math.log2(single)) - 23);
  return [Number(step.toPrecision(4)), single, single + ulp, single - ulp];
};
