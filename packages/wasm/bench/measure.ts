/** Interleaved rounds of several pieces of work; the least time of each in milliseconds: the machine is shared. */
export function leastTimes<Name extends string>(
  work: Readonly<Record<Name, () => void>>,
  rounds = 30,
  warm = 5,
): Record<Name, number> {
  const names = Object.keys(work) as Name[];
  const least = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY])) as Record<
    Name,
    number
  >;
  for (let round = -warm; round < rounds; round++)
    for (const name of names) {
      const start = performance.now();
      work[name]();
      const elapsedMs = performance.now() - start;
      if (round >= 0) least[name] = Math.min(least[name], elapsedMs);
    }
  return least;
}
