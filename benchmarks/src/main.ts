// Prints tables of times and ratios and writes them to benchmarks/results/steps.json and docs/benchmarks.md.
//
//   npx -y pnpm@12 bench

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { useBackend } from '@funhash/layers';
import { measure, type Timing } from './measure.ts';
import { layerForward, schemes, trainingStep } from './training-step.ts';

interface Table {
  readonly title: string;
  readonly rows: Readonly<Record<string, Timing>>;
}

const ratio = 1 / 64;
const tables: Table[] = [];
const loadBefore = loadavg()[0];

async function steps(backend: 'wasm' | 'reference', batch: number, rounds: number): Promise<void> {
  await useBackend(backend);
  const tasks = await Promise.all(
    Object.entries(schemes).map(
      async ([name, scheme]) => [name, await trainingStep(scheme, ratio, batch)] as const,
    ),
  );
  add(
    `Training step, 784-1000-10, batch ${batch}, ratio 1/64, ${backend}`,
    Object.fromEntries(tasks),
    rounds,
  );
}

function add(title: string, tasks: Readonly<Record<string, () => void>>, rounds: number): void {
  const table = { title, rows: measure(tasks, { rounds, warmUp: Math.min(8, rounds) }) };
  tables.push(table);
  console.log(`${textOf(table)}\n`);
}

function textOf({ title, rows }: Table): string {
  const dense = rows.dense as Timing;
  const lines = Object.entries(rows).map(
    ([name, { leastMs, medianMs }]) =>
      `| ${name} | ${leastMs.toFixed(2)} | ${medianMs.toFixed(2)} | ${(leastMs / dense.leastMs).toFixed(2)} |`,
  );
  return [
    `## ${title}`,
    '',
    '| weight | least ms | median ms | ÷ dense |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

await steps('wasm', 128, 40);
await steps('wasm', 50, 40);
await useBackend('wasm');
const forwards = Object.entries(schemes).map(
  ([name, scheme]) => [name, layerForward(scheme, ratio, 1)] as const,
);
add('Layer 784 → 1000, one row, ratio 1/64, wasm', Object.fromEntries(forwards), 200);
await steps('reference', 128, 4);

const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  node: process.version,
  load: [loadBefore, loadavg()[0]],
};
const folder = new URL('../results/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('steps.json', folder), `${JSON.stringify({ machine, tables }, null, 2)}\n`);
writeFileSync(
  new URL('../../docs/benchmarks.md', import.meta.url),
  [
    '# Benchmarks',
    '',
    'Made by `npx -y pnpm@12 bench`; the numbers are in `benchmarks/results/steps.json`. All weights of a table are timed',
    'in one run, in interleaved rounds, one thread. The least time is the one to compare: other work on a shared machine',
    'only ever adds.',
    '',
    `Machine: ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}, load average ${machine.load.map((x) => x?.toFixed(1)).join(' before, ')} after.`,
    '',
    ...tables.flatMap((table) => [textOf(table), '']),
  ].join('\n'),
);
