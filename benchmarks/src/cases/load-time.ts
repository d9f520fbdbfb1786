import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Case } from '../case.ts';
import { buildPackages, compiled, programs } from '../programs.ts';
import type { Row } from '../table.ts';

interface Times {
  readonly importedMs: number;
  readonly doneMs: number;
}

const run = promisify(execFile);

export const loadTime: Case = {
  name: 'load',
  title: 'Load time',
  about:
    'A fresh process of Node, from its start: until the imports are done, and until the first training step (batch 32 ' +
    'of 784-100-10; with onnxruntime, the first product 784 → 100) is. About 25 ms of it is Node itself.',
  libraries: ['funhash', 'jax', 'tfjsWasm', 'brain', 'ortWeb', 'ortNode'],
  async run({ rounds, takes, show }) {
    buildPackages();
    const chosen = programs.filter(({ runs, library }) => runs && takes(library));
    const files = await Promise.all(chosen.map(compiled));
    const times = chosen.map((): Times[] => []);
    const errors: (string | undefined)[] = chosen.map(() => undefined);
    // The first round fills the caches of the disk.
    for (let round = -1; round < Math.min(rounds, 8); round++)
      for (const [k, file] of files.entries()) {
        if (errors[k] !== undefined) continue;
        try {
          const { stdout } = await run(process.execPath, [file], { timeout: 60_000 });
          const last = stdout.trim().split('\n').at(-1) as string;
          if (round >= 0) times[k]?.push(JSON.parse(last) as Times);
        } catch (error) {
          const { stderr } = error as { stderr?: string };
          errors[k] = stderr?.match(/^.*Error.*$/m)?.[0] ?? String(error);
        }
      }
    const least = (list: readonly Times[], key: keyof Times): number =>
      Math.min(...list.map((one) => one[key]));
    const base = least(times[0] as Times[], 'doneMs');
    show({
      title: 'Import and first step in a fresh process',
      columns: [
        { key: 'name', title: '' },
        { key: 'importedMs', title: 'imported after ms' },
        { key: 'doneMs', title: 'first step after ms' },
        { key: 'medianMs', title: 'median ms' },
        { key: 'ratio', title: '÷ funhash' },
      ],
      rows: chosen.map(({ name }, k): Row => {
        const list = times[k] as Times[];
        if (errors[k] !== undefined) return { name, error: errors[k] };
        const doneMs = least(list, 'doneMs');
        return {
          name,
          importedMs: least(list, 'importedMs'),
          doneMs,
          medianMs: list.map((one) => one.doneMs).toSorted((a, b) => a - b)[list.length >> 1],
          ratio: doneMs / base,
        };
      }),
    });
  },
};
