import { fileURLToPath } from 'node:url';
import { runScript } from '../children.ts';
import { demand, LossError, type Trial } from '../trial.ts';

const script = fileURLToPath(new URL('../scripts/long-run.ts', import.meta.url));

/** What is done for long, and its share of the steps: a backend takes as long as many of them. */
const kinds = { 'threads-1': 10, 'threads-2': 10, files: 4, backends: 1 } as const;
const shares = Object.values(kinds).reduce<number>((sum, share) => sum + share, 0);

/** How much more each thing may be at the end than after the first third. */
const allowed: Readonly<Record<string, number>> = {
  ...{ heapUsed: 2 ** 20, arrayBuffers: 2 ** 18, external: 2 ** 19 },
  ...{ usedBytes: 2 ** 16, reservedBytes: 0, tensors: 2 ** 16, handles: 0 },
};

/** Long training and long loops: what the process holds stays the same. */
export const leaks: Trial = {
  name: 'leaks',
  summary: 'long training on 1 and 2 threads, backends and model files made again and again: no memory grows',
  tries: 25_000,
  run: async (work) => {
    // In parts that are long enough for a slope, one kind after the other.
    const names = Object.keys(kinds) as (keyof typeof kinds)[];
    const unit = Math.max(1, Math.ceil((work.tries ?? 5000) / shares));
    for (let k = 0; ; k++) {
      const kind = names[k % names.length] as keyof typeof kinds;
      const part = work.take(unit * kinds[kind]);
      if (!part) return;
      const begun = performance.now();
      try {
        const bytes = await requireLevel(work.replay ? namedIn(work.replay.what, names) : kind, part.count);
        work.noteSurvivors(part.count, { ms: (performance.now() - begun) / part.count, bytes });
      } catch (error) {
        const { message, cause, stack } = error as Error;
        const what = error instanceof LossError ? message : String(stack);
        work.noteLoss({ index: part.from, what, cause: String(cause ?? message) });
        work.noteSurvivors(part.count - 1);
      }
    }
  },
};

const namedIn = <Name extends string>(what: string, names: readonly Name[]): Name =>
  names.find((name) => what.startsWith(name)) ?? (names[0] as Name);

/** @throws LossError where something grows; gives the most memory of the process */
async function requireLevel(kind: string, steps: number): Promise<number> {
  const { code, stdout, stderr, timedOut, bytes } = await runScript(script, [kind, String(steps)], {
    node: ['--expose-gc'],
    timeoutMs: 1_800_000,
  });
  demand(
    code === 0,
    `${kind}: ended with ${timedOut ? 'no end' : code}: ${stderr.slice(-800)}`,
    `${kind}: failed`,
  );
  demand(!/Warning/.test(stderr), `${kind}: ${stderr.slice(0, 400)}`, `${kind}: warning`);
  const samples = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);
  const third = Math.ceil(samples.length / 3);
  for (const name of Object.keys(allowed)) {
    const values = samples.map((sample) => sample[name] as number);
    const growth = middle(values.slice(-third)) - middle(values.slice(third, 2 * third));
    demand(
      growth <= (allowed[name] as number),
      `${kind}: ${name} grew by ${growth} in a third of ${steps} steps: ${values.join(' ')}`,
      `${kind}: ${name} grows`,
    );
  }
  return bytes;
}

/** The median. */
function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
