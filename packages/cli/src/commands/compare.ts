import { join } from 'node:path';
import { readBytes } from '@funhash/codec';
import {
  type ArmOutcome,
  armsOf,
  type ComparisonPlan,
  chooseBackend,
  compareArms,
  formatRatio,
  loadImages,
  netName,
  openFolder,
  type RunFolder,
  type RunKey,
  requireEmpty,
  requireSameRun,
  runFiles,
  runStore,
  splitCounts,
  threadExecutor,
} from '@funhash/experiments';
import { Command } from 'commander';
import { InterruptedError, UsageError } from '../errors.ts';
import { requireFolder } from '../files/paths.ts';
import { claimFolder, configBeside, configFile, reportFile } from '../files/run-folders.ts';
import { compareReport } from '../report/compare-report.ts';
import { modelName, type SummaryRow, summaryRow } from '../report/summary.ts';
import { dataOf } from '../settings/common-settings.ts';
import { type CompareConfig, compareSettings, planOf, presets } from '../settings/compare-settings.ts';
import { addFlags, checkConfig, readConfigFile, readFlags } from '../settings/config.ts';
import { show } from '../terminal/follow.ts';
import { helpText } from '../terminal/help.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { duration, grouped, type Printer, percent } from '../terminal/output.ts';
import { type Progress, progress, type Task } from '../terminal/progress.ts';
import { tableOf } from '../terminal/table.ts';

interface CompareFlags extends Readonly<Record<string, unknown>> {
  readonly preset?: string;
  readonly config?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: true;
}

/** Makes `funhash compare`: schemes of equal stored size, side by side. */
export function compareCommand(output: Printer): Command {
  const command = new Command('compare')
    .summary('train schemes of equal stored size side by side')
    .description(
      'Trains every scheme at every ratio, each arm with the same number of stored values, the same images and epochs, ' +
        'and prints a table. Writes a folder: config.json, metrics.jsonl, models, summary.json, report.html, and in runs/ ' +
        'a folder for each run.\n\n' +
        'Learning rates are relative to the scale of each tensor. Choices are made on validation images; the test ' +
        'images are used once.',
    )
    .option('--preset <name>', `settings to start from: ${Object.keys(presets).join(', ')}`)
    .option('--config <file>', 'settings as JSON; they win over the preset, flags over both')
    .option('--out <folder>', 'the folder, new or empty (default: runs/compare-<date and time>)')
    .option(
      '--resume <folder>',
      'go on with a comparison: runs that are finished in its folder are not trained again',
    )
    .option('--json', 'print the summary as JSON');
  return addFlags(command, compareSettings)
    .addHelpText('after', helpText(output, examples))
    .action(async (flags: CompareFlags) => compare(flags, output));
}

async function compare(
  { preset, config, out, resume, json, ...flags }: CompareFlags,
  output: Printer,
): Promise<void> {
  if (resume !== undefined && [preset, config, out].some((given) => given !== undefined))
    throw new UsageError({
      operation: 'compare',
      expected: '--resume alone: its folder holds the configuration',
      actual: '--preset, --config or --out beside it',
    });
  if (resume !== undefined) await requireFolder('--resume', resume);
  const path = resume === undefined ? config : configBeside(resume);
  if (preset !== undefined && !Object.hasOwn(presets, preset))
    throw new UsageError({
      operation: '--preset',
      expected: `one of ${Object.keys(presets).join(', ')}`,
      actual: preset,
    });
  const own = {
    ...(path !== undefined && (await readConfigFile(path))),
    ...readFlags(compareSettings, flags),
  };
  const asked = checkConfig(compareSettings, own, path ?? 'the command line');
  const backend = await chooseBackend(asked.backend);
  const fields = { ...(preset !== undefined && presets[preset]?.(backend)), ...own, backend };
  const settings = checkConfig(compareSettings, fields, path ?? 'the command line');
  const plan = planOf(settings);
  if (resume !== undefined) {
    const begun = checkConfig(compareSettings, await readConfigFile(path as string), path as string);
    requireSameRun(planOf(begun).base, plan.base, {
      parts: [],
      words: '--schemes, --ratios, --seeds, --learning-rates and --threads',
    });
  }
  if (out !== undefined) await requireEmpty(out);

  const images = await loadImages(dataOf(settings));
  const arms = armsOf(plan, images);
  const { train, validation } = splitCounts(images.train.count, settings);
  const folder = await (resume === undefined ? claimFolder(out, 'compare') : openFolder(resume));
  try {
    await folder.writeJson(configFile, settings);
    // What the runs have measured is told again from their folders.
    await folder.write(runFiles.metrics, '');
    output.note(
      `${images.name}: ${grouped(train)} images for training, ${grouped(validation)} for validation, ` +
        `${grouped(images.test.count)} for the test; ${settings.epochs} epochs; ${backend} backend, ${settings.threads} threads`,
    );

    for (const { scheme, ratio, budget, stored } of arms)
      if (Math.abs(stored - budget) > 0.01 * budget)
        output.note(
          `${scheme} stores ${grouped(stored)} values where ${formatRatio(ratio)} allows ${grouped(budget)}`,
        );

    const begun = performance.now();
    const steps = settings.epochs * Math.ceil(Math.ceil(train / settings.batchSize) / settings.accumulate);
    const outcomes = await runAll({ config: settings, plan, images, arms, steps }, folder, output);
    const rows = outcomes.map(summaryRow);
    for (const { arm, runs } of outcomes)
      for (const { seed, model } of runs)
        await folder.write(modelName(arm.scheme, arm.ratio, seed), await readBytes(model));
    const seconds = (performance.now() - begun) / 1000;
    const summary = {
      data: images.name,
      trainCount: train,
      validationCount: validation,
      testCount: images.test.count,
      seconds,
      arms: rows,
    };
    await folder.writeJson('summary.json', summary);
    await folder.write(
      reportFile,
      await compareReport({ config: settings, plan, images, outcomes, rows, summary }),
    );

    if (json) output.json({ folder: folder.path, ...summary }, 2);
    else {
      output.line(table(rows, output.columns));
      output.note(`${duration(1000 * seconds)}; look at ${folder.file(reportFile)}`);
    }
  } finally {
    await folder.release();
  }
}

interface Comparison {
  readonly config: CompareConfig;
  readonly plan: ComparisonPlan;
  readonly images: Awaited<ReturnType<typeof loadImages>>;
  readonly arms: ReturnType<typeof armsOf>;
  /** Steps of each run. */
  readonly steps: number;
}

async function runAll(
  { config, plan, images, arms, steps }: Comparison,
  folder: RunFolder,
  output: Printer,
): Promise<ArmOutcome[]> {
  const stop = onInterrupt();
  const shown: Progress = progress(output, { everyMilestone: false });
  const tasks = new Map<RunKey, Task>();
  const executor = threadExecutor({
    threads: Math.min(config.threads, arms.length * (config.learningRates?.length ?? 1) * config.seeds),
    loaded: [{ data: dataOf(config), samples: images }],
  });
  let written: Promise<void> = Promise.resolve();
  const record = (run: RunKey, fields: object): void => {
    const { arm, seed, learningRate } = run;
    const line = { scheme: arm.scheme, ratio: formatRatio(arm.ratio), seed, learningRate, ...fields };
    written = written.then(() => folder.append(runFiles.metrics, line));
    // Told where it is awaited; until then it is no fault that nobody heard of.
    written.catch(() => {});
  };
  try {
    const outcomes = await compareArms({
      ...{ plan, arms, executor },
      store: runStore(join(folder.path, 'runs')),
      signal: stop.signal,
      onEvent: (run, event) => {
        if (event.type === 'start') tasks.set(run, shown.task(runName(run, config), steps, event.step));
        else if (event.type === 'step') show(event, tasks.get(run), config.epochs);
        else if (event.type === 'epoch') {
          const { epoch, loss, seconds, validation } = event;
          const validationError = validation?.errorRate ?? Number.NaN;
          record(run, { epoch, loss, validationLoss: validation?.loss, validationError, seconds });
          show(event, tasks.get(run), config.epochs);
        } else if (event.type === 'end' && event.reason === 'diverged') {
          record(run, { diverged: event.message });
          shown.note(`${runName(run, config)} diverged: ${event.message}`);
          tasks.get(run)?.finish();
        } else if (event.type === 'notice') shown.note(`${runName(run, config)}: ${event.message}`);
        else if (event.type === 'result') tasks.get(run)?.finish();
      },
    });
    await written;
    return outcomes;
  } catch (error) {
    const kept =
      `What the runs measured so far is in ${folder.file(runFiles.metrics)}. Go on with:\n` +
      `  funhash compare --resume ${folder.path}`;
    if (stop.signal.aborted) throw new InterruptedError(`Interrupted. ${kept}`, stop.cause);
    shown.note(kept);
    throw error;
  } finally {
    stop.release();
    shown.close();
    await executor.close();
    await written.catch(() => {});
  }
}

function runName(
  { arm, seed, learningRate }: RunKey,
  { ratios, seeds, learningRates }: CompareConfig,
): string {
  return [
    arm.scheme,
    ...(ratios.length > 1 ? [formatRatio(arm.ratio)] : []),
    ...(learningRates && learningRates.length > 1 ? [`rate ${learningRate}`] : []),
    ...(seeds > 1 ? [`seed ${seed}`] : []),
  ].join(' ');
}

function table(rows: readonly SummaryRow[], columns: number | undefined): string {
  return tableOf(
    [
      'scheme',
      'ratio',
      'net',
      'stored values',
      'bytes on disk',
      'step',
      'validation error %',
      'test error %',
      's / epoch',
    ],
    rows.map((row) => [
      row.scheme,
      row.ratio,
      netName(row),
      grouped(row.stored),
      grouped(row.bytesOnDisk),
      String(row.learningRate),
      row.testErrors.length === 0 ? '–' : percent(row.validationErrors),
      row.testErrors.length === 0 ? 'diverged' : percent(row.testErrors),
      row.secondsPerEpoch.toFixed(1),
    ]),
    columns,
    ['s / epoch', 'net', 'step', 'bytes on disk'],
  );
}

const examples = `
How the schemes spend the budget of stored values, layer by layer in summary.json:
  narrow             a plain net, its hidden widths or channels scaled together; no dropout, which costs small nets more
  lowRank            a plain output layer; the others of rank r, about a 20th of the hidden width, which shrinks to fit
  randomEdgeRemoval  two edges from each last hidden unit to the classes, the rest over the other layers
  freshNet           kernels larger than 1 × 1 by frequencies, the rest as hashedNet
  others             the ratio in each layer
In nets of convolutions the first one stays plain and counts. Biases are plain and count.

Examples:
  $ funhash compare --preset mnist
  $ funhash compare --data mnist --hidden 1000 --ratios 1/8,1/64 --seeds 3 --epochs 12 --train-count 12000
  $ funhash compare --schemes funHash,funHash,dual,hashedNet --learning-rates 0.07,0.13,0.27,0.53
  $ funhash compare --model lenet5 --ratios 1/16,1/64 --schemes funHash,hashedNet,freshNet,narrow --shift 2
  $ funhash compare --data rot --schemes funHash,hashedNet,narrow --out runs/rot`;
