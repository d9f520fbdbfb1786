import { chooseBackend, formatRatio, loadImages, splitCounts } from '@funhash/experiments';
import { Command } from 'commander';
import type { TrainResult } from '../comparison/arm-job.ts';
import { type CompareConfig, compareSettings, presets } from '../comparison/compare-config.ts';
import {
  type ArmOutcome,
  armsOf,
  type ComparisonOptions,
  compareArms,
  type RunKey,
} from '../comparison/comparison.ts';
import { InterruptedError, UsageError } from '../errors.ts';
import { createRunFolder, type RunFolder } from '../files/run-folder.ts';
import { reportOf } from '../report/report.ts';
import { modelName, netName, type SummaryRow, summaryRow } from '../report/summary.ts';
import { addFlags, checkConfig, readConfigFile, readFlags } from '../settings/config.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { duration, grouped, type Output, percent, progress, tableOf } from '../terminal/output.ts';

interface CompareFlags extends Readonly<Record<string, unknown>> {
  readonly preset?: string;
  readonly config?: string;
  readonly out?: string;
  readonly json?: true;
}

/** `funhash compare`: schemes of equal stored size, side by side. */
export function compareCommand(output: Output): Command {
  const command = new Command('compare')
    .summary('train schemes of equal stored size side by side')
    .description(
      'Trains every scheme at every ratio, each arm with the same number of stored values, the same images and epochs,\n' +
        'and prints a table. Writes a run folder: config.json, metrics.jsonl, models, summary.json and report.html.\n' +
        'Learning rates are relative to the scale of each tensor. Choices are made on validation images; the test\n' +
        'images are used once.',
    )
    .option('--preset <name>', `settings to start from: ${Object.keys(presets).join(', ')}`)
    .option('--config <file>', 'settings as JSON; they come before the preset, flags before both')
    .option('--out <folder>', 'the run folder (default: runs/compare-<date and time>)')
    .option('--json', 'print the summary as JSON');
  return addFlags(command, compareSettings)
    .addHelpText('after', examples)
    .action(async (flags: CompareFlags) => compare(flags, output));
}

async function compare(
  { preset, config: path, out, json, ...flags }: CompareFlags,
  output: Output,
): Promise<void> {
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
  const config = checkConfig(compareSettings, fields, path ?? 'the command line');

  const images = await loadImages(config);
  const arms = armsOf(config, images);
  const { train, validation } = splitCounts(images.train.count, config);
  const folder = await createRunFolder(out, 'compare');
  await folder.writeJson('config.json', config);
  output.note(
    `${images.name}: ${grouped(train)} images for training, ${grouped(validation)} for validation, ` +
      `${grouped(images.test.count)} for the test; ${config.epochs} epochs; ${backend} backend, ${config.threads} threads`,
  );

  for (const { scheme, ratio, budget, stored } of arms)
    if (Math.abs(stored - budget) > 0.01 * budget)
      output.note(
        `${scheme} stores ${grouped(stored)} values where ${formatRatio(ratio)} allows ${grouped(budget)}`,
      );

  const begun = performance.now();
  const steps = config.epochs * Math.ceil(train / config.batchSize);
  const outcomes = await runAll({ config, images, arms }, steps, folder, output);
  const rows = outcomes.map(summaryRow);
  for (const { arm, runs } of outcomes)
    for (const { seed, model } of runs) await folder.write(modelName(arm.scheme, arm.ratio, seed), model);
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
  await folder.write('report.html', await reportOf({ config, images, outcomes, rows, summary }));

  if (json) output.line(JSON.stringify({ folder: folder.path, ...summary }, null, 2));
  else {
    output.line(table(rows));
    output.note(`${duration(1000 * seconds)}; look at ${folder.file('report.html')}`);
  }
}

async function runAll(
  comparison: ComparisonOptions,
  steps: number,
  folder: RunFolder,
  output: Output,
): Promise<ArmOutcome[]> {
  const { config } = comparison;
  const stop = onInterrupt();
  const shown = progress(output);
  const tasks = new Map<RunKey, ReturnType<typeof shown.task>>();
  let written: Promise<void> = Promise.resolve();
  const record = (run: RunKey, fields: object): void => {
    const { arm, seed, learningRate } = run;
    const line = { scheme: arm.scheme, ratio: formatRatio(arm.ratio), seed, learningRate, ...fields };
    written = written.then(() => folder.append('metrics.jsonl', line));
  };
  try {
    return await compareArms({
      ...comparison,
      signal: stop.signal,
      onEvent: (run, event) => {
        if (event.type === 'start') {
          tasks.set(run, shown.task(runName(run, config), steps));
          return;
        }
        if (event.type === 'step') tasks.get(run)?.update(event.step, `loss ${event.loss.toFixed(4)}`);
        else {
          const { epoch, loss, validationError, seconds } = event.record;
          record(run, event.record);
          tasks
            .get(run)
            ?.milestone(
              `epoch ${epoch}/${config.epochs}: loss ${loss.toFixed(4)}, validation error ${percent([validationError])} %, ${seconds.toFixed(1)} s`,
            );
        }
      },
      onResult: (run: RunKey, result: TrainResult) => {
        if (result.type === 'diverged') {
          record(run, { diverged: result.message });
          output.note(`${runName(run, config)} diverged: ${result.message}`);
        }
        tasks.get(run)?.finish();
      },
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new InterruptedError(
      `Interrupted. What the runs measured so far is in ${folder.file('metrics.jsonl')}.`,
    );
  } finally {
    stop.release();
    shown.close();
    await written;
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

function table(rows: readonly SummaryRow[]): string {
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
  );
}

const examples = `
narrow is a plain net with fewer hidden units, trained without dropout. How each scheme spends the budget: arms.ts, and summary.json.

Examples:
  $ funhash compare --preset mnist
  $ funhash compare --data mnist --hidden 1000 --ratios 1/8,1/64 --seeds 3 --epochs 12 --train-count 12000
  $ funhash compare --schemes funHash,funHash,dual,hashedNet --learning-rates 0.07,0.13,0.27,0.53
  $ funhash compare --model lenet5 --ratios 1/16,1/64 --schemes funHash,hashedNet,freshNet,narrow --shift 2
  $ funhash compare --data rot --schemes funHash,hashedNet,narrow --out runs/rot`;
