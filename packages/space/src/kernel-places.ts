/** Some places of a kernel, in nested loops: first + Σ index · step along each axis. */
export interface KernelPlaces {
  readonly first: number;
  readonly extents: readonly number[];
  readonly steps: readonly number[];
}

/** The same places in the same order with the fewest axes. */
export function joinedPlaces({ first, extents, steps }: KernelPlaces): KernelPlaces {
  const joined: { extent: number; step: number }[] = [];
  extents.forEach((extent, axis) => {
    const step = steps[axis] as number;
    const last = joined.at(-1);
    if (extent === 1) return;
    if (last && last.step === step * extent)
      joined[joined.length - 1] = { extent: last.extent * extent, step };
    else joined.push({ extent, step });
  });
  return { first, extents: joined.map(({ extent }) => extent), steps: joined.map(({ step }) => step) };
}

/** The places in order. */
export function listOfPlaces({ first, extents, steps }: KernelPlaces): number[] {
  return extents.reduce<number[]>(
    (all, extent, axis) =>
      all.flatMap((at) => Array.from({ length: extent }, (_, k) => at + k * (steps[axis] as number))),
    [first],
  );
}
