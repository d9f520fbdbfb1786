export interface Timing {
  /** Of one call, over all rounds. */
  readonly leastMs: number;
  readonly medianMs: number;
}

export interface MeasureOptions {
  /** Each task is called once in every round, so that what slows the machine down slows all of them. Default 30. */
  readonly rounds?: number;
  /** Rounds before the first that counts: engines compile hot code late. Default 8. */
  readonly warmUp?: number;
}

/** Times tasks side by side. Ratios of the least times are what to compare: shared machines only ever add time. */
export function measure(
  tasks: Readonly<Record<string, () => void>>,
  { rounds = 30, warmUp = 8 }: MeasureOptions = {},
): Record<string, Timing> {
  const samples = new Map(Object.keys(tasks).map((name) => [name, [] as number[]]));
  for (let round = -warmUp; round < rounds; round++)
    for (const [name, task] of Object.entries(tasks)) {
      const start = performance.now();
      task();
      if (round >= 0) samples.get(name)?.push(performance.now() - start);
    }
  return Object.fromEntries(
    [...samples].map(([name, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      return [name, { leastMs: sorted[0] as number, medianMs: sorted[sorted.length >> 1] as number }];
    }),
  );
}
