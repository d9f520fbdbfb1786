/** Bytes by which heap and array buffers grew while `run` ran, its result or its error and uncollected garbage included. */
export async function memoryGrowth(run: () => unknown): Promise<number> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = usedBytes();
  const kept: unknown[] = [];
  try {
    kept.push(await run());
  } catch (error) {
    kept.push(error);
  }
  const growth = usedBytes() - before;
  // A use after the measurement, so that the result is not collected before it.
  if (kept.length === 0) throw new Error('memoryGrowth: nothing ran');
  return growth;
}

function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
