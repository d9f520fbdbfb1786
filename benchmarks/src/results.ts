import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { against, type Checkout } from './against.ts';
import type { Case } from './case.ts';
import { libraries } from './libraries.ts';
import { load, type Machine, machine } from './machine.ts';
import { rivalVersion } from './rivals.ts';
import { markdown, type Table } from './table.ts';

interface Results {
  readonly case: string;
  readonly measured: string;
  readonly machine: Machine;
  /** Averages of the minute before, in processes that want to run. */
  readonly load: { readonly before: number; readonly after: number };
  readonly versions: Readonly<Record<string, string>>;
  /** The commit beside. */
  readonly against?: Omit<Checkout, 'folder'>;
  readonly rounds: number;
  readonly seconds: number;
  readonly tables: readonly Table[];
}

const folder = new URL('../results/', import.meta.url);
const fileOf = ({ name }: Case): URL => new URL(`${name}.json`, folder);

export function writeResults(
  one: Case,
  tables: readonly Table[],
  { rounds, loadBefore, seconds }: { rounds: number; loadBefore: number; seconds: number },
): void {
  const packages = new Set(one.libraries.flatMap((name) => libraries[name].packages));
  const { folder: _, ...other } = against() ?? { folder: '' };
  const results: Results = {
    case: one.name,
    measured: new Date().toISOString().slice(0, 10),
    machine: machine(),
    load: { before: loadBefore, after: load() },
    versions: Object.fromEntries([...packages].map((name) => [name, rivalVersion(name)])),
    ...('commit' in other && { against: other }),
    rounds,
    seconds: Math.round(seconds),
    tables,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(one), `${JSON.stringify(results, rounded, 2)}\n`);
}

const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;

const introduction = `# Benchmarks

Made by \`npx -y pnpm@12 bench\`; the numbers are in \`benchmarks/results/\`. Every library runs in a process of its own,
because each keeps global state; in every round each entry of a table has a turn, so that what slows the machine down
slows all of them. Times are taken inside the process, around the library’s calls. **The least time is the one to
compare**: other work on a shared machine only ever adds. One thread unless it says otherwise. A library that cannot do
a thing is listed with its own words.`;

/** docs/benchmarks.md, from the results of all cases, those of earlier runs included. */
export function writeDocument(cases: readonly Case[]): void {
  const sections = cases
    .filter((one) => existsSync(fileOf(one)))
    .map((one) => section(one, JSON.parse(readFileSync(fileOf(one), 'utf8')) as Results));
  const text = [introduction, ...sections].join('\n\n');
  writeFileSync(new URL('../../docs/benchmarks.md', import.meta.url), `${text}\n`);
}

function section(
  { name, title, about, remarks = [] }: Case,
  { machine, load, versions, measured, tables, against: other, rounds }: Results,
): string {
  const others = Object.entries(versions).map(([library, version]) => `${library} ${version}`);
  const beside = other ? ` --against ${other.commit}` : '';
  return [
    `## ${title}`,
    about,
    ...tables.map(markdown),
    ...remarks,
    `\`bench ${name} --rounds ${rounds}${beside}\`, ${measured}: ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}, load average ` +
      `${load.before.toFixed(1)} before and ${load.after.toFixed(1)} after${others.length > 0 ? `; ${others.join(', ')}` : ''}.` +
      (other ? ` Commit ${other.commit} is of ${other.date}: ${other.subject}.` : ''),
  ].join('\n\n');
}
