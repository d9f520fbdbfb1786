// npx -y pnpm@12 bench [case …] [--rounds n] [--against commit] [--no-rivals] [--alarm]

import { parseArgs } from 'node:util';
import { checkOut } from './against.ts';
import { alarm } from './alarm.ts';
import type { Case } from './case.ts';
import { binaryCase } from './cases/binary.ts';
import { bundles } from './cases/bundles.ts';
import { codecCase } from './cases/codec.ts';
import { epoch } from './cases/epoch.ts';
import { fit } from './cases/fit.ts';
import { gemm } from './cases/gemm.ts';
import { idiom } from './cases/idiom.ts';
import { layer } from './cases/layer.ts';
import { leNet } from './cases/lenet.ts';
import { loadTime } from './cases/load-time.ts';
import { lstm } from './cases/lstm.ts';
import { memory } from './cases/memory.ts';
import { oneRow } from './cases/one-row.ts';
import { predict } from './cases/predict.ts';
import { resNet20 } from './cases/res-net.ts';
import { small, steps } from './cases/steps.ts';
import { tensorTrainCase } from './cases/tensor-train.ts';
import { buildHosts } from './hosts.ts';
import { isRival } from './libraries.ts';
import { load } from './machine.ts';
import { writeDocument, writeResults } from './results.ts';
import { installRivals } from './rivals.ts';
import { markdown, type Table } from './table.ts';

const cases: readonly Case[] = [
  gemm,
  steps,
  leNet,
  resNet20,
  lstm,
  layer,
  oneRow,
  idiom,
  epoch,
  small,
  fit,
  predict,
  tensorTrainCase,
  binaryCase,
  codecCase,
  memory,
  loadTime,
  bundles,
];

const usage = `npx -y pnpm@12 bench [case …] [--rounds n] [--against commit] [--no-rivals] [--alarm]

cases (default: all): ${cases.map(({ name }) => name).join(', ')}
--rounds n    turns of every entry of a table (default 20)
--against c   our entries also as they are at a commit, which is checked out and installed in a temporary folder: in the same
              rounds, where calls are timed side by side. It is given the same tasks, and does what it knows of them: a commit
              that has no plans takes their steps as they stand
--no-rivals   only our own entries; nothing is installed for them and no result is written
--alarm       a loose check of ratios for CI: exits with 1 where one is far off`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    rounds: { type: 'string', default: '20' },
    against: { type: 'string' },
    rivals: { type: 'boolean', default: true },
    alarm: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const strangers = positionals.filter((name) => !cases.some((one) => one.name === name));

if (values.help) console.log(usage);
else if (strangers.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(strangers.length > 0 ? `No case ${strangers.join(', ')}.\n\n${usage}` : usage);
  process.exitCode = 2;
} else if (values.alarm) {
  await buildHosts();
  process.exitCode = (await alarm(rounds)) ? 0 : 1;
} else if (isCheckedOut())
  await runCases(cases.filter(({ name }) => positionals.length === 0 || positionals.includes(name)));

/** Whether the other commit is there, or none was asked for. */
function isCheckedOut(): boolean {
  try {
    if (values.against !== undefined) checkOut(values.against);
    return true;
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
    return false;
  }
}

async function runCases(chosen: readonly Case[]): Promise<void> {
  if (values.rivals) installRivals();
  await buildHosts();
  for (const one of chosen) {
    const [begun, loadBefore] = [performance.now(), load()];
    const tables: Table[] = [];
    console.log(`## ${one.title}\n`);
    await one.run({
      rounds,
      takes: (library) => values.rivals || !isRival(library),
      show: (table) => {
        tables.push(table);
        console.log(`${markdown(table)}\n`);
      },
    });
    const seconds = (performance.now() - begun) / 1000;
    console.log(`${seconds.toFixed(0)} s, load ${loadBefore.toFixed(1)} → ${load().toFixed(1)}\n`);
    if (values.rivals) writeResults(one, tables, { rounds, loadBefore, seconds });
  }
  if (values.rivals) writeDocument(cases);
}
