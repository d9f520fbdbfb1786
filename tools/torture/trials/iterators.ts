import { fileURLToPath } from 'node:url';
import { runScript } from '../children.ts';
import { demand, type Trial } from '../trial.ts';

const script = fileURLToPath(new URL('../scripts/abandon.ts', import.meta.url));

/** What is begun and left, and how often in a process. */
const kinds: Readonly<Record<string, number>> = {
  ...{ fit: 60, batches: 60, batchWorker: 6, fitOnWorker: 6, run: 12, executor: 4, threads: 30 },
};

/** What may stay of a round that was left: far less than what it works with. */
const bytesOfRound = 2 ** 15;
const slack = 2 ** 20;

/** Iterators that nobody takes to their end: no handle keeps the process, and no memory stays. */
export const iterators: Trial = {
  name: 'iterators',
  summary: 'fit, batches, workers, pools and runs left at any moment: the process ends, and no memory stays',
  tries: 28,
  run: (work) =>
    work.attempts(async (index) => {
      const names = Object.keys(kinds);
      const kind = names[index % names.length] as string;
      const rounds = kinds[kind] as number;
      const { code, stdout, stderr, timedOut, bytes } = await runScript(
        script,
        [kind, String(work.seed + index), String(rounds)],
        {
          node: ['--expose-gc'],
          timeoutMs: 120_000,
        },
      );
      demand(!timedOut, `${kind}: the process does not end: ${stdout.slice(-400)}`, `${kind}: no end`);
      demand(code === 0, `${kind}: ended with ${code}: ${stderr.slice(-800)}`, `${kind}: failed`);
      demand(!/Warning/.test(stderr), `${kind}: ${stderr.slice(0, 400)}`, `${kind}: warning`);
      const { before, after } = JSON.parse(stdout) as Record<'before' | 'after', Record<string, number>>;
      for (const [name, value] of Object.entries(after)) {
        const growth = value - (before[name] as number);
        demand(
          growth <= slack + rounds * bytesOfRound,
          `${kind}: ${name} grew by ${(growth / 2 ** 20).toFixed(1)} MiB in ${rounds} rounds`,
          `${kind}: ${name} grows`,
        );
      }
      return { bytes };
    }),
};
