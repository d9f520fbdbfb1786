import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  bestOf,
  chooseBackend,
  type DataSpec,
  describeChanges,
  type Executor,
  loadData,
  openFolder,
  type RunFolder,
  readIndex,
  readSweep,
  readTextIfThere,
  requireEmpty,
  runFiles,
  runOf,
  runStore,
  runSweep,
  runTraining,
  type SweepSpec,
  sizeIfThere,
  type TrialOutcome,
  threadExecutor,
} from '@funhash/experiments';
import { Command } from 'commander';
import { InterruptedError, UsageError } from '../errors.ts';
import { requireFile } from '../files/paths.ts';
import { type QueueAt, queueAt } from '../files/queue-module.ts';
import { claimFolder, reportFile } from '../files/run-folders.ts';
import { errorOfNumbers } from '../report/answers.ts';
import { pageOf } from '../report/page.ts';
import { sweepSections } from '../report/sweep-report.ts';
import { helpText } from '../terminal/help.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { grouped, type Printer, percent } from '../terminal/output.ts';
import { progress } from '../terminal/progress.ts';

/** The file that says what a sweep is, in its folder. */
const sweepFile = 'sweep.json';

interface SweepFlags {
  readonly out?: string;
  readonly resume?: string;
  readonly threads?: string;
  readonly queue?: string;
  readonly insecure?: true;
  readonly json?: true;
}

/** Makes `funhash sweep`: many runs that differ in some fields, and a report on them. */
export function sweepCommand(output: Printer): Command {
  const command = new Command('sweep')
    .summary('train many nets that differ in some fields')
    .description(
      'Trains what a file says: all combinations of fields of a run, drawn ones, or drawn ones of which the better train on. ' +
        'Writes a folder with a run for each, named by the hash of its spec, index.jsonl and report.html. A run that fails is ' +
        'noted, and the others go on; Ctrl-C saves checkpoints, and --resume goes on.',
    )
    .argument('[spec]', 'the sweep as JSON')
    .option('--out <folder>', 'the folder, new or empty (default: runs/sweep-<date and time>)')
    .option('--resume <folder>', 'go on with the sweep of this folder')
    .option('--threads <n>', 'runs side by side', String(availableParallelism()))
    .option(
      '--queue <address>',
      'hand runs to workers through a queue, redis://127.0.0.1:6379; `funhash worker` is one',
    )
    .option('--insecure', 'reach a server beyond this machine without TLS')
    .option('--json', 'print the best run as JSON')
    .addHelpText('after', helpText(output, examples))
    .action(async (spec: string | undefined, flags: SweepFlags) => {
      if ((spec === undefined) === (flags.resume === undefined))
        throw new UsageError({
          operation: 'sweep',
          expected: 'a file with a sweep, or --resume and its folder',
          actual: spec === undefined ? 'neither' : 'both',
        });
      const path = spec ?? join(flags.resume as string, sweepFile);
      await requireFile('sweep', path);
      const sweep = readSweep(await readFile(path, 'utf8'), path);
      if (flags.out !== undefined) await requireEmpty(flags.out);
      const threads = threadsIn(flags.threads);
      const { queue: address, insecure } = flags;
      const queue = address === undefined ? undefined : await queueAt(address, { insecure });
      await carryOut(
        {
          ...flags,
          sweep,
          executorFor: (folder) => (queue ? onQueue(queue, folder, output) : embedded(sweep, threads)),
          atATime: queue ? mostInQueue : threads,
        },
        output,
      );
    });
  command
    .command('report')
    .summary('write the report of a sweep anew')
    .argument('<folder>', 'the folder of a sweep')
    .action(async (path: string) => {
      const file = join(path, sweepFile);
      await requireFile('sweep report', file);
      const sweep = readSweep(await readFile(file, 'utf8'), file);
      const folder = await openFolder(path);
      try {
        output.note(`look at ${await writeReport(folder, sweep, await readIndex(path))}`);
      } finally {
        await folder.release();
      }
    });
  return command;
}

/** @throws UsageError for what is no number of threads */
export function threadsIn(text = String(availableParallelism())): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 256) return Number(text);
  throw new UsageError({ operation: '--threads', expected: 'a whole number from 1 to 256', actual: text });
}

/** Runs that are in the queue at a time, whatever the number of workers. */
const mostInQueue = 64;

/** Workers on a queue; what names a sweep there lies in its folder. */
async function onQueue({ module, address }: QueueAt, folder: RunFolder, output: Printer): Promise<Executor> {
  const file = 'session.json';
  const known = await readTextIfThere(folder.file(file));
  const session = /"session": "([0-9a-f]{16})"/.exec(known ?? '')?.[1] ?? randomBytes(8).toString('hex');
  await folder.writeJson(file, { session });
  return module.queueExecutor({ address, session, onTrouble: output.note });
}

/** Worker threads of this process; data that all runs have in common are in their memory once. */
async function embedded({ base, vary }: SweepSpec, threads: number): Promise<Executor> {
  const spec = runOf({ ...base, judge: null }, {});
  await chooseBackend(spec.backend);
  const isCommon = spec.data !== null && !Object.keys(vary).some((name) => name.startsWith('data'));
  const data = spec.data as DataSpec;
  return threadExecutor({ threads, loaded: isCommon ? [{ data, samples: await loadData(data) }] : [] });
}

interface SweepRun {
  readonly sweep: SweepSpec;
  readonly executorFor: (folder: RunFolder) => Promise<Executor>;
  readonly atATime: number;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: true;
}

/** Carries out a sweep in a folder, tells how far it is, and writes its report. */
async function carryOut(
  { sweep, executorFor, atATime, out, resume, json }: SweepRun,
  output: Printer,
): Promise<void> {
  const stop = onInterrupt();
  const shown = progress(output);
  const outcomes: TrialOutcome[] = [];
  let folder: RunFolder | undefined;
  let executor: Executor | undefined;
  try {
    folder = await (resume === undefined ? claimFolder(out, 'sweep') : openFolder(resume));
    await folder.writeJson(sweepFile, sweep);
    executor = await executorFor(folder);
    const store = runStore(join(folder.path, 'runs'));
    const begun = performance.now();
    let task: ReturnType<typeof shown.task> | undefined;
    let fresh = 0;
    const events = runSweep({ sweep, folder, store, executor, atATime, signal: stop.signal });
    for await (const event of events) {
      if (event.type === 'begin') {
        shown.note(
          `${grouped(event.count)} runs, ${atATime} at a time; ${folder.path}${event.done > 0 ? `; ${grouped(event.done)} are done` : ''}`,
        );
        task = shown.task('sweep', event.count);
        continue;
      }
      const { outcome, done, count } = event;
      outcomes.push(outcome);
      if (outcome.seconds > 0) fresh++;
      const best = bestOf(outcomes);
      const left = ((performance.now() - begun) / 1000 / Math.max(1, fresh)) * Math.max(0, count - done);
      task?.update(Math.min(done, count), best ? `best ${percent([best.error ?? Number.NaN])} %` : '');
      task?.milestone(
        `${done}/${Math.max(count, done)} ${describeChanges(outcome.changes)}: ` +
          (outcome.failure ??
            `validation error ${percent([outcome.error ?? Number.NaN])} %, ${grouped(outcome.bytes ?? 0)} bytes`) +
          (best ? `; best ${percent([best.error ?? Number.NaN])} %` : '') +
          `; about ${Math.round(left)} s left`,
      );
    }
    task?.finish();
    shown.close();
    await tell(folder, outcomes, { sweep, json, signal: stop.signal }, output);
  } catch (error) {
    if (!stop.signal.aborted || !folder) throw error;
    throw new InterruptedError(
      `Interrupted after ${outcomes.length} runs. Go on with:\n  funhash sweep --resume ${folder.path}`,
      stop.cause,
    );
  } finally {
    stop.release();
    shown.close();
    await executor?.close();
    await folder?.release();
  }
}

/** Judges the best run on the test samples, once, and writes the report. */
async function tell(
  folder: RunFolder,
  outcomes: readonly TrialOutcome[],
  { sweep, json, signal }: { sweep: SweepSpec; json: true | undefined; signal: AbortSignal },
  output: Printer,
): Promise<void> {
  const report = await writeReport(folder, sweep, outcomes);
  const best = bestOf(outcomes);
  if (!best) {
    output.note(`look at ${report}`);
    output.line('no run came to a result');
    return;
  }
  const spec = runOf({ ...sweep.base, judge: null, epochs: best.epochs }, best.changes);
  const runFolder = join(folder.path, 'runs', best.hash);
  const model = join(runFolder, runFiles.model);
  if ((await sizeIfThere(model)) === undefined) {
    output.note('the model file of the best run is where its worker is: it is trained here once more');
    for await (const _ of runTraining(spec, { folder: () => openFolder(runFolder), signal }));
    signal.throwIfAborted();
  }
  const { data, seed, backend } = spec;
  let testError: number | undefined;
  for await (const event of runTraining({ data, seed, backend, epochs: 0, judge: {}, net: { file: model } }))
    if (event.type === 'result') testError = event.result.testError;
  const result = { ...best, testError, model };
  await folder.writeJson('best.json', result);
  if (json) return output.json({ folder: folder.path, ...result }, 2);
  output.note(`look at ${report}`);
  output.line(
    `best: ${describeChanges(best.changes)}; validation error ${percent([best.error ?? Number.NaN])} %, ` +
      `test error ${percent([testError ?? Number.NaN])} %, ${grouped(best.bytes ?? 0)} bytes: ${model}`,
  );
}

async function writeReport(
  folder: RunFolder,
  sweep: SweepSpec,
  outcomes: readonly TrialOutcome[],
): Promise<string> {
  const failed = outcomes.filter(({ error }) => error === null).length;
  const html = await pageOf({
    title: `Sweep over ${Object.keys(sweep.vary).join(', ')}`,
    intro:
      `${grouped(outcomes.length)} runs${failed > 0 ? `, of which ${grouped(failed)} failed` : ''}. ` +
      'All errors here are on the validation samples, by which choices are made; the best run alone is judged on the test samples. ' +
      errorOfNumbers,
    sections: sweepSections(sweep, outcomes),
    command: `funhash sweep ${sweepFile}`,
    config: sweep,
  });
  await folder.write(reportFile, html);
  return folder.file(reportFile);
}

const examples = `
A sweep is a run and what differs, by the paths of its fields:
  { "base": { "data": { "name": "mnist" }, "epochs": 4 },
    "vary": { "net.weights": ["hashedNet:1/8", "funHash:1/16"],
              "optimizer.learningRate": { "from": 0.05, "to": 0.5, "scale": "log" } },
    "method": "random", "trials": 40, "seed": 0 }
method is grid (lists alone), random, or asha: successive halving from leastEpochs on, by factor.

Examples:
  $ funhash sweep sweep.json --threads 2
  $ funhash sweep sweep.json --queue redis://127.0.0.1:6379
  $ funhash sweep --resume runs/sweep-…
  $ funhash sweep report runs/sweep-…`;
