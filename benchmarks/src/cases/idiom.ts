import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';

const options = { ratio: 1 / 64 };
const shape = { width: 784, out: 1000, batch: 128 } as const;
const weight = { scheme: 'hashedNet', options };
const counted = { scheme: 'hashedNet', options: { ...options, gradient: 'bincount' } };

const entries: readonly Entry[] = [
  { name: 'funhash', library: 'funhash', task: { kind: 'forward', ...shape, weight } },
  { name: 'tfjs wasm: gather, matMul', library: 'tfjsWasm', task: { kind: 'forward', ...shape, weight } },
  { name: 'tfjs cpu: gather, matMul', library: 'tfjsCpu', task: { kind: 'forward', ...shape, weight } },
];

// What ends its process by taking too long comes last.
const steps: readonly Entry[] = [
  { name: 'funhash', library: 'funhash', task: { kind: 'layer', ...shape, weight } },
  {
    name: 'tfjs wasm: gather, own gradient by bincount',
    library: 'tfjsWasm',
    task: { kind: 'layer', ...shape, weight: counted },
  },
  { name: 'tfjs wasm: gather, matMul', library: 'tfjsWasm', task: { kind: 'layer', ...shape, weight } },
  {
    name: 'tfjs cpu: gather, own gradient by bincount',
    library: 'tfjsCpu',
    task: { kind: 'layer', ...shape, weight: counted },
  },
  { name: 'jax-js wasm: take, matmul', library: 'jax', task: { kind: 'layer', ...shape, weight } },
];

const endless: readonly Entry[] = [
  { name: 'tfjs cpu: gather, matMul', library: 'tfjsCpu', task: { kind: 'layer', ...shape, weight } },
];

export const idiom: Case = {
  name: 'idiom',
  title: 'A hashed layer without us',
  about:
    'A hashed layer 784 → 1000 at ratio 1/64, batch 128, as a user of another library writes it: V is gathered by a ' +
    'table of places, multiplied by a table of signs, and used in a product. The tables alone are twice the dense weight.',
  libraries: ['funhash', 'tfjsWasm', 'tfjsCpu', 'jax'],
  run: ({ rounds, takes, show }) =>
    withHosts(async (hostOf) => {
      const timed = (all: readonly Entry[]) =>
        interleaved(
          all.filter(({ library }) => takes(library)),
          hostOf,
          { rounds },
        );
      show(timingTable('Forward', await timed(entries), { base: 'funhash' }));
      const outcomes = [...(await timed(steps)), ...(await timed(endless))];
      show(timingTable('Training step of the layer', outcomes, { base: 'funhash' }));
    }, 20_000),
};
