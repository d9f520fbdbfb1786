import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { libraries } from '../libraries.ts';
import { loopEntry, loopSpeed, withoutLoop } from '../register-loop.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';

const shapes = [
  [128, 784, 1000],
  [128, 1000, 10],
  [512, 512, 512],
  [1024, 1024, 1024],
] as const;

const players = [
  'funhash',
  'funhash2',
  'jax',
  'tfjsWasm',
  'tfjsCpu',
  'ortWeb',
  'ortWeb2',
  'ortNode',
] as const;

export const gemm: Case = {
  name: 'gemm',
  title: 'Matrix products',
  about:
    'a [m, k] · b [k, n] in f32 by the public call of each library, operands in its memory. The register loop is the ' +
    'inner loop of our product alone, on data in L1: what one thread could reach here.',
  libraries: players,
  run: ({ rounds, takes, show }) =>
    withHosts(async (hostOf) => {
      for (const [m, k, n] of shapes) {
        const entries = players.filter(takes).map((library): Entry => {
          const { title } = libraries[library];
          return { name: title, library, task: { kind: 'product', m, k, n } };
        });
        const outcomes = await interleaved([...entries, loopEntry], hostOf, { rounds });
        const table = timingTable(`${m}×${k} · ${k}×${n}`, withoutLoop(outcomes), {
          base: libraries.funhash.title,
          flops: 2 * m * n * k,
        });
        show({
          ...table,
          rows: [...table.rows, { name: loopEntry.name, gflops: loopSpeed(outcomes) }],
        });
      }
    }),
};
