import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readBytes } from '@funhash/codec';
import type { Dataset } from '@funhash/datasets';
import {
  bestOf,
  chooseBackend,
  type DataSpec,
  describeChanges,
  type Executor,
  loadData,
  openFolder,
  type RunFolder,
  readSweep,
  readTextIfThere,
  runFiles,
  runOf,
  runSearch,
  runStore,
  runSweep,
  runTraining,
  type SweepOptions,
  type SweepSpec,
  sizeIfThere,
  type TrialOutcome,
  threadExecutor,
} from '@funhash/experiments';
import { InterruptedError, UsageError } from '../errors.ts';
import { requireFile } from '../files/paths.ts';
import type { QueueAt } from '../files/queue-module.ts';
import { claimFolder, compactFile, reportFile } from '../files/run-folders.ts';
import { errorOfNumbers } from '../report/answers.ts';
import { pageOf } from '../report/page.ts';
import { sweepSections } from '../report/sweep-report.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { grouped, type Printer, percent } from '../terminal/output.ts';
import { progress } from '../terminal/progress.ts';
import { SweepView } from '../watch/sweep-view.ts';
import type { Watch } from '../watch/watch-server.ts';
import { watched } from '../watch/watched.ts';

/** The file that says what a sweep is, in its folder. */
export const sweepFile = 'sweep.json';

/** The sweep of a file or of a folder. @throws UsageError where there is none, errors of `readSweep` */
export async function sweepAt(operation: string, path: string): Promise<SweepSpec> {
  await requireFile(operation, path);
  return readSweep(await readFile(path, 'utf8'), path);
}

/** @throws UsageError for what is no number of threads */
export function threadsIn(text = String(availableParallelism())): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 256) return Number(text);
  throw new UsageError({ operation: '--threads', expected: 'a whole number from 1 to 256', actual: text });
}

/** Runs that are in the queue at a time, whatever the number of workers. */
export const mostInQueue = 64;

/** Workers on a queue; what names a sweep there lies in its folder. */
export async function onQueue(
  { module, address }: QueueAt,
  folder: RunFolder,
  output: Printer,
): Promise<Executor> {
  const file = 'session.json';
  const known = await readTextIfThere(folder.file(file));
  const session = /"session": "([0-9a-f]{16})"/.exec(known ?? '')?.[1] ?? randomBytes(8).toString('hex');
  await folder.writeJson(file, { session });
  return module.queueExecutor({ address, session, onTrouble: output.note });
}

/** Worker threads of this process; data that all runs have in common are in their memory once. */
export async function embedded(
  { base, vary, among = [] }: SweepSpec,
  threads: number,
  samples?: Dataset,
): Promise<Executor> {
  const spec = runOf({ ...base, judge: null }, {});
  await chooseBackend(spec.backend);
  const fields = [vary, ...among].flatMap((changes) => Object.keys(changes));
  const isCommon = spec.data !== null && !fields.some((name) => name.startsWith('data'));
  const data = spec.data as DataSpec;
  return threadExecutor({
    threads,
    loaded: isCommon ? [{ data, samples: samples ?? (await loadData(data)) }] : [],
  });
}

interface SweepRun {
  /** The command that carries it out, by which it goes on. */
  readonly command: 'sweep' | 'search';
  readonly sweep: SweepSpec;
  readonly executorFor: (folder: RunFolder) => Promise<Executor>;
  readonly atATime: number;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: true;
  /** Seconds after which it ends with the best so far. Default: with its last run. */
  readonly seconds?: number;
  /** What a page is asked for by. */
  readonly watch?: string | true;
}

/** Carries out a sweep in a folder, tells how far it is, and writes its report. */
export function carryOutSweep(run: SweepRun, output: Printer): Promise<void> {
  return watched(run.watch, output, (watch) => carryOut(run, watch, output));
}

async function carryOut(
  { command, sweep: asked, executorFor, atATime, out, resume, json, seconds }: SweepRun,
  watch: Watch | undefined,
  output: Printer,
): Promise<void> {
  let sweep = asked;
  const stop = onInterrupt();
  const shown = progress(output);
  const outcomes: TrialOutcome[] = [];
  const enough = new AbortController();
  const timer = seconds === undefined ? undefined : setTimeout(() => enough.abort(), 1000 * seconds);
  let folder: RunFolder | undefined;
  let executor: Executor | undefined;
  try {
    folder = await (resume === undefined ? claimFolder(out, command) : openFolder(resume));
    await folder.writeJson(sweepFile, sweep);
    executor = await executorFor(folder);
    const store = runStore(join(folder.path, 'runs'));
    const begun = performance.now();
    let task: ReturnType<typeof shown.task> | undefined;
    let fresh = 0;
    const state = { outcomes, done: 0, count: 0, passed: 0, left: Number.NaN };
    const page =
      watch && new SweepView(sweep, { title: titleOf(sweep), intro: `${ofValidation} ${errorOfNumbers}` });
    const passed = (): number => (performance.now() - begun) / 1000;
    const show = (): void => watch?.show(() => (page as SweepView).view({ ...state, passed: passed() }));
    const carriedOut: SweepOptions = {
      ...{ sweep, folder, store, executor, atATime },
      ...{ signal: stop.signal, enough: enough.signal },
      onEvent: (trial, event) => {
        page?.take(trial, event);
        show();
      },
    };
    const events = seconds === undefined ? runSweep(carriedOut) : runSearch({ ...carriedOut, seconds });
    for await (const event of events) {
      if (event.type === 'finals') {
        sweep = event.sweep;
        await folder.writeJson(sweepFile, sweep);
        const { numbers, epochs } = event.sweep.finals;
        shown.note(`time is left: the best ${numbers.length} train once more, for ${grouped(epochs)} epochs`);
        continue;
      }
      if (event.type === 'begin') {
        shown.note(
          `${grouped(event.count)} runs, ${atATime} at a time; ${folder.path}${event.done > 0 ? `; ${grouped(event.done)} are done` : ''}`,
        );
        task = shown.task(command, event.count);
        state.count = event.count;
        show();
        continue;
      }
      const { outcome, done, count } = event;
      outcomes.push(outcome);
      if (outcome.seconds > 0) fresh++;
      const best = bestOf(outcomes, sweep.goal);
      const soFar = best ? `best ${told(best)}` : '';
      const byRuns = (passed() / Math.max(1, fresh)) * Math.max(0, count - done);
      const left = Math.max(0, Math.min(byRuns, seconds === undefined ? byRuns : seconds - passed()));
      Object.assign(state, { done, count, left });
      page?.drop(outcome.hash);
      show();
      task?.update(Math.min(done, count), soFar);
      task?.milestone(
        `${done}/${Math.max(count, done)} ${describeChanges(outcome.changes)}, ${grouped(outcome.epochs)} epochs: ` +
          `${outcome.failure ?? told(outcome)}${soFar === '' ? '' : `; ${soFar}`}; about ${Math.round(left)} s left`,
      );
    }
    task?.finish();
    shown.close();
    if (enough.signal.aborted)
      output.note(`Time is over. What is left goes on with:\n  funhash ${command} --resume ${folder.path}`);
    await tell(folder, outcomes, { command, sweep, json, signal: stop.signal }, output);
  } catch (error) {
    if (!stop.signal.aborted || !folder) throw error;
    throw new InterruptedError(
      `Interrupted after ${outcomes.length} runs. Go on with:\n  funhash ${command} --resume ${folder.path}`,
      stop.cause,
    );
  } finally {
    clearTimeout(timer);
    stop.release();
    shown.close();
    await executor?.close();
    await folder?.release();
  }
}

/** Error and size of a run in a few words. */
const told = ({ error, bytes }: TrialOutcome): string =>
  `validation error ${percent([error ?? Number.NaN])} %, ${grouped(bytes ?? 0)} bytes`;

/** Judges the best run on the test samples, once, and writes the report. */
async function tell(
  folder: RunFolder,
  outcomes: readonly TrialOutcome[],
  {
    command,
    sweep,
    json,
    signal,
  }: Pick<SweepRun, 'command' | 'sweep'> & { readonly json: true | undefined; readonly signal: AbortSignal },
  output: Printer,
): Promise<void> {
  const report = await writeReport(folder, sweep, outcomes);
  const best = bestOf(outcomes, sweep.goal);
  if (!best) {
    output.note(`look at ${report}`);
    output.line('no run came to a result');
    return;
  }
  const spec = runOf({ ...sweep.base, judge: null, epochs: best.epochs }, best.changes);
  const runFolder = join(folder.path, 'runs', best.hash);
  const stored = join(runFolder, runFiles.model);
  if ((await sizeIfThere(stored)) === undefined) {
    output.note('the model file of the best run is where its worker is: it is trained here once more');
    for await (const _ of runTraining(spec, { folder: () => openFolder(runFolder), signal }));
    signal.throwIfAborted();
  }
  const bytes = await readBytes(stored);
  // Where it can be found without a look at what the runs are called.
  const name = spec.storage.bytes === undefined ? runFiles.model : compactFile;
  await folder.write(name, bytes);
  const model = folder.file(name);
  const { data, seed, backend } = spec;
  let testError: number | undefined;
  for await (const event of runTraining({ data, seed, backend, epochs: 0, judge: {}, net: { file: model } }))
    if (event.type === 'result') testError = event.result.testError;
  const result = { ...best, testError, model };
  await folder.writeJson('best.json', result);
  if (json) return output.json({ folder: folder.path, ...result }, 2);
  output.note(`look at ${report}`);
  if (sweep.goal && 'error' in sweep.goal && (best.error ?? 1) > sweep.goal.error)
    output.note(
      `no run of ${outcomes.length} came to an error of ${percent([sweep.goal.error])} %: this one is nearest` +
        (command === 'search' ? '; allow more --minutes' : ''),
    );
  output.line(
    `best: ${describeChanges(best.changes)}, ${best.epochs} epochs; ${told(best)}, ` +
      `test error ${percent([testError ?? Number.NaN])} %: ${model}`,
  );
}

const ofValidation =
  'All errors here are on the validation samples, by which choices are made; the best run alone is judged on the test samples.';

/** What a sweep is about, in a line. */
function titleOf({ vary, among = [], goal }: SweepSpec): string {
  if (goal && 'bytes' in goal) return `The best network in ${grouped(goal.bytes)} bytes`;
  if (goal) return `The smallest network with an error of ${percent([goal.error])} %`;
  const fields = new Set([vary, ...among].flatMap((changes) => Object.keys(changes)));
  return `Sweep over ${[...fields].join(', ')}`;
}

/** Writes report.html into the folder of a sweep. @returns its path */
export async function writeReport(
  folder: RunFolder,
  sweep: SweepSpec,
  outcomes: readonly TrialOutcome[],
): Promise<string> {
  const failed = outcomes.filter(({ error }) => error === null).length;
  const html = await pageOf({
    title: titleOf(sweep),
    intro:
      `${grouped(outcomes.length)} runs${failed > 0 ? `, of which ${grouped(failed)} failed` : ''}. ` +
      `${ofValidation} ${errorOfNumbers}`,
    sections: sweepSections(sweep, outcomes),
    command: `funhash sweep ${sweepFile}`,
    config: sweep,
  });
  await folder.write(reportFile, html);
  return folder.file(reportFile);
}
