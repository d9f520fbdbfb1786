import { ArgumentError } from '@funhash/hashing';
import { Command, InvalidArgumentError, Option } from 'commander';
import { grouped, lossesOf, type Outcome, readLoss, runTrials, tableOf } from './run-trials.ts';
import type { Trial, Work } from './trial.ts';
import { fuzzing } from './trials/fuzz.ts';
import * as all from './trials/index.ts';

// `pnpm torture`: does to the library, again and again, what must not harm it; exits with 1 where something was lost.

const trials = Object.values(all) as readonly Trial[];

interface Flags {
  readonly for?: number;
  readonly seed: number;
  readonly only?: readonly Trial[];
  readonly tries?: number;
  readonly inputs?: number;
  readonly parsers?: readonly string[];
  readonly lanes?: number;
  readonly lost: string;
  readonly replay?: string;
  readonly json?: true;
}

const program = new Command('torture')
  .description(
    'Does to the library, again and again, what must not harm it. Exits with 1 where something was lost.',
  )
  .option('--for <duration>', 'time of each trial, such as 60s or 10m', durationOf)
  .option('--seed <n>', 'decides all that is drawn', countOf, 1)
  .option('--only <names>', 'some of the trials, such as fuzz,kills', trialsOf)
  .option(
    '--tries <n>',
    'tries of each trial (default: its own number, or without end where --for is given)',
    countOf,
  )
  .option('--inputs <n>', 'tries of fuzz', countOf)
  .option('--parsers <names>', 'some of what fuzz reads, such as onnx,weights-pt (default: all)', namesOf)
  .option('--lanes <n>', 'processes side by side (default: as many as cores)', countOf)
  .option('--lost <folder>', 'where what was lost is kept', '.torture')
  .addOption(
    new Option('--replay <file>', 'try one loss again').conflicts([
      'for',
      'only',
      'tries',
      'inputs',
      'parsers',
    ]),
  )
  .option('--json', 'the table as JSON')
  .addHelpText(
    'after',
    `\nTrials:\n${trials.map(({ name, summary, tries }) => `  ${name.padEnd(12)}${summary} (${grouped(tries)})`).join('\n')}`,
  );

program.parse();
const flags = program.opts<Flags>();
const isTerminal = process.stderr.isTTY === true;
let lastLine = performance.now();
const outcomes = await (flags.replay === undefined ? runAll(flags) : replay(flags, flags.replay));
if (isTerminal) process.stderr.write('\r\x1b[K');
console.log(flags.json ? JSON.stringify(outcomes, null, 2) : tableOf(outcomes));
const losses = lossesOf(outcomes);
if (losses !== '') console.error(`\n${losses}`);
process.exitCode = outcomes.some(({ lost }) => lost > 0) ? 1 : 0;

async function runAll({
  for: ms,
  seed,
  only = trials,
  tries,
  inputs,
  parsers,
  lanes,
  lost,
}: Flags): Promise<readonly Outcome[]> {
  if (parsers) await requireParsers(parsers);
  const chosen = parsers
    ? only.map((trial) => (trial === all.fuzz ? fuzzing({ only: parsers }) : trial))
    : only;
  return runTrials(chosen, {
    seed,
    lostFolder: lost,
    tries: (trial) => (trial === all.fuzz.name ? (inputs ?? tries) : tries),
    onProgress,
    ...(ms !== undefined && { ms }),
    ...(lanes !== undefined && { lanes }),
  });
}

function replay({ lost }: Flags, path: string): Promise<readonly Outcome[]> {
  const { trial: name, seed, loss } = readLoss(path);
  const trial = trials.find((each) => each.name === name);
  if (!trial)
    throw new ArgumentError({
      operation: 'torture --replay',
      expected: `a trial among ${trials.map((each) => each.name).join(', ')}`,
      actual: name,
    });
  return runTrials([trial], { seed, lostFolder: lost, replay: loss, onProgress, lanes: 1 });
}

/** A line that is redrawn on a terminal; elsewhere one a minute. */
function onProgress(trial: string, { tried, survived, begun }: Work): void {
  const perSecond = (1000 * tried) / (performance.now() - begun);
  const line = `${trial}: ${grouped(tried)} tried, ${grouped(tried - survived)} lost, ${perSecond.toPrecision(3)} a second`;
  if (isTerminal) process.stderr.write(`\r\x1b[K${line}`);
  else if (performance.now() - lastLine > 60_000) {
    lastLine = performance.now();
    console.error(line);
  }
}

/** @throws ArgumentError for a name that no parser has */
async function requireParsers(names: readonly string[]): Promise<void> {
  const known = Object.values(await import('./fuzz/parsers/index.ts')).map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new ArgumentError({
      operation: 'torture --parsers',
      expected: `parsers among ${known.join(', ')}`,
      actual: unknown,
    });
}

function durationOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (!match) throw new InvalidArgumentError('Expected a duration such as 60s or 10m.');
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return Number(match[1]) * (units[match[2] ?? 's'] as number);
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new InvalidArgumentError('Expected a whole number.');
  return count;
}

function namesOf(text: string): readonly string[] {
  return text.split(',').map((name) => name.trim());
}

function trialsOf(text: string): readonly Trial[] {
  return namesOf(text).map((name) => {
    const trial = trials.find((each) => each.name === name);
    if (!trial)
      throw new InvalidArgumentError(`Expected names among ${trials.map((each) => each.name).join(', ')}.`);
    return trial;
  });
}
