import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Split } from '@funhash/datasets';
import { chooseBackend, field, loadImages, openFolder, type RunFolder } from '@funhash/experiments';
import { nearestName, option } from '@funhash/hashing';
import {
  type Campaign,
  type CampaignState,
  compareBehaviour,
  coverageMetrics,
  coverageProbe,
  gaussianNoise,
  type MetricRequest,
  minimalSuite,
  naturalLimits,
  normBall,
  ReplayError,
  replayExample,
  reportJson,
  reportPage,
  rnnTest,
  type Sequences,
  type StoredExample,
  type StrategyName,
  storedExamples,
  strategies,
} from '@funhash/rnn-testing';
import { Command } from 'commander';
import { InterruptedError, UsageError } from '../errors.ts';
import { loadModel } from '../files/load-model.ts';
import { requireFile } from '../files/paths.ts';
import { claimFolder, configFile } from '../files/run-folders.ts';
import { backendSetting, dataOf, dataSettings } from '../settings/common-settings.ts';
import {
  addFlags,
  type ConfigOf,
  checkConfig,
  flagsTyped,
  number,
  numbers,
  readConfigFile,
  type Settings,
} from '../settings/config.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { duration, grouped, type Printer } from '../terminal/output.ts';
import { progress } from '../terminal/progress.ts';
import { tableOf } from '../terminal/table.ts';

const { data, dataSeed, backgrounds } = dataSettings;
const settings = {
  model: {
    flag: '--model <file>',
    help: 'a model file (.safetensors) with a recurrent layer',
    rule: option.text(),
  },
  data,
  dataSeed,
  backgrounds,
  metrics: {
    flag: '--metrics <list>',
    help: `${Object.keys(coverageMetrics).join(', ')}; with options as bc:threshold=0.7:signal=1.cell`,
    rule: field(option.text(), 'nc,bc,sc,tc'),
  },
  window: {
    flag: '--window <first,last>',
    help: 'steps that are looked at, counted from 0 (default: all)',
    rule: option.list(option.integer(), { least: 2, most: 2 }),
    read: numbers,
  },
  budget: { flag: '--budget <n>', help: 'tests to run', rule: field(option.count(), 10_000), read: number },
  strategy: {
    flag: '--strategy <name>',
    help: Object.keys(strategies).join(', '),
    rule: field(option.oneOf(Object.keys(strategies) as StrategyName[]), 'guided'),
  },
  perClass: {
    flag: '--per-class <n>',
    help: 'seeds of each class: the first test images that the net gets right',
    rule: field(option.integer({ least: 1, most: 100_000 }), 10),
    read: number,
  },
  constants: {
    flag: '--constants <n>',
    help: 'training images that the constants of metrics come from, the first ones',
    rule: field(option.integer({ least: 2, most: 10_000_000 }), 10_000),
    read: number,
  },
  norm: {
    flag: '--norm <name>',
    help: 'of the distance from a seed: spectral, frobenius, max',
    rule: field(option.oneOf(['spectral', 'frobenius', 'max']), 'spectral'),
  },
  radius: {
    flag: '--radius <x>',
    help: 'largest distance',
    rule: field(option.positive(), 0.01),
    read: number,
  },
  plain: {
    flag: '--plain',
    help: 'the norm itself; else it is divided by the number of changed pixels, as published',
    rule: field(option.flag(), false),
  },
  variance: {
    flag: '--variance <low,high>',
    help: 'of the noise on seeds',
    rule: field(option.list(option.real({ least: 0 }), { least: 2, most: 2 }), [0.005, 0.02]),
    read: numbers,
  },
  searchVariance: {
    flag: '--search-variance <x>',
    help: 'of the noise in a search from good tests',
    rule: field(option.real({ least: 0 }), 0.1),
    read: number,
  },
  batchSize: {
    flag: '--batch-size <n>',
    help: 'tests in a round',
    rule: field(option.integer({ least: 4, most: 65_536 }), 400),
    read: number,
  },
  seed: { flag: '--seed <n>', help: 'decides all draws', rule: field(option.integer(), 0), read: number },
  backend: backendSetting,
} as const satisfies Settings;

type Config = ConfigOf<typeof settings>;

const files = {
  state: 'state.json',
  page: 'report.html',
  numbers: 'report.json',
  examples: 'adversarial',
} as const;
const example = (folder: string, seed: number): string => join(folder, `${files.examples}-${seed}.json`);

interface Flags {
  readonly out?: string;
  readonly resume?: string;
  readonly replay?: string;
  readonly beside?: string;
  readonly json?: true;
}

/** Makes `funhash rnn-test`: searches for tests of a recurrent network, and replays what it found. */
export function rnnTestCommand(output: Printer): Command {
  const command = new Command('rnn-test')
    .summary('test a recurrent net by coverage of its states')
    .description(
      'Searches for tests that make a recurrent net do what no test did before, and for images near to right ones that it\n' +
        'gets wrong. Writes report.html, report.json, a file for each failing seed, and state.json, from which --resume goes on.\n' +
        'Ctrl-C saves the state.',
    )
    .option('--out <folder>', 'where it writes (default: runs/rnn-test-<date and time>)')
    .option('--resume <folder>', 'go on with the search of this folder; --budget may be raised')
    .option('--replay <file>', 'run an adversarial example again, by --model alone')
    .option(
      '--beside <file>',
      'another model file, such as the compressed net: compares what both do at every step',
    )
    .option('--json', 'print the numbers of the report as JSON');
  return addFlags(command, settings)
    .addHelpText(
      'after',
      '\nExamples:\n  $ funhash rnn-test --model runs/…/model.safetensors --data mnist --window 4,24\n' +
        '  $ funhash rnn-test --model runs/…/model.safetensors --replay runs/rnn-test-…/adversarial-3.json',
    )
    .action(async (flags: Flags) => {
      const typed = flagsTyped(command, settings);
      if (flags.replay !== undefined) return replay(flags.replay, typed, output);
      const kept = flags.resume === undefined ? {} : await readConfigFile(join(flags.resume, configFile));
      const config = checkConfig(settings, { ...kept, ...typed }, 'the command line');
      if (config.model === undefined) return command.error('error: --model <file> is missing');
      await requireFile('--model', config.model);
      if (flags.beside !== undefined) await requireFile('--beside', flags.beside);
      const state = flags.resume === undefined ? undefined : await readState(join(flags.resume, files.state));
      await chooseBackend(config.backend);
      const { campaign, images, sequences } = await campaignOf(config, config.model, state);
      const folder =
        flags.resume === undefined
          ? await claimFolder(flags.out, 'rnn-test')
          : await openFolder(flags.resume);
      try {
        await folder.writeJson(configFile, config);
        await search(campaign, config, folder, output);
        const other = flags.beside === undefined ? undefined : await loadModel(flags.beside);
        const comparison = other && compareBehaviour(campaign.probe, other, sequences(images.test));
        const report = await writeReport(campaign, config, { folder, data: images.name, comparison });
        if (flags.json) output.json(report);
        else show(campaign, folder, comparison, output);
      } finally {
        await folder.release();
      }
    });
}

async function campaignOf(config: Config, path: string, state: CampaignState | undefined) {
  const model = await loadModel(path);
  const images = await loadImages(dataOf({ ...config, validation: 0 }));
  const inputShape = [...images.inputShape];
  const sequences = ({ inputs, labels }: Split): Sequences => ({ inputs, labels, inputShape });
  const training = sequences(firstOf(images.train, config.constants));
  const probe = coverageProbe(model, {
    training,
    metrics: readMetrics(config.metrics),
    ...(config.window && { window: config.window }),
  });
  const { norm, radius, plain, variance, searchVariance, strategy, batchSize, seed } = config;
  const campaign = rnnTest(probe, {
    seeds: sequences(seedsOf(images.test, images.classes, config.perClass)),
    strategy,
    mutation: gaussianNoise({ variance: variance as readonly [number, number] }),
    searchMutation: gaussianNoise({ variance: searchVariance }),
    oracle: normBall({ norm, radius, perChanged: !plain }),
    isNatural: naturalLimits(training),
    batchSize,
    seed,
    ...(state && { state }),
  });
  return { campaign, images, sequences };
}

/** Rounds until the budget is spent; the state is kept every half a minute, and when a signal comes. */
async function search(
  campaign: Campaign,
  { budget }: Config,
  folder: RunFolder,
  output: Printer,
): Promise<void> {
  const shown = progress(output);
  const stop = onInterrupt();
  const task = shown.task(campaign.strategy, budget);
  let saved = performance.now();
  let told = 0;
  try {
    for await (const { executions, coverage, failingSeeds } of campaign.run(budget)) {
      const ratios = Object.entries(coverage).map(([id, ratio]) => `${id} ${(100 * ratio).toFixed(1)} %`);
      const text = `${ratios.join(', ')}, ${failingSeeds} seeds fail`;
      task.update(Math.min(executions, budget), text);
      if (executions - told >= budget / 10) {
        task.milestone(`${grouped(executions)} tests: ${text}`);
        told = executions;
      }
      if (!stop.signal.aborted && performance.now() - saved < 30_000) continue;
      await folder.writeJson(files.state, campaign.state());
      saved = performance.now();
      if (stop.signal.aborted)
        throw new InterruptedError(
          `Interrupted after ${grouped(executions)} tests. Go on with: funhash rnn-test --resume ${folder.path}`,
          stop.cause,
        );
    }
    task.finish();
  } finally {
    stop.release();
    shown.close();
  }
}

async function writeReport(
  campaign: Campaign,
  config: Config,
  {
    folder,
    data,
    comparison,
  }: {
    readonly folder: RunFolder;
    readonly data: string;
    readonly comparison: ReturnType<typeof compareBehaviour> | undefined;
  },
): Promise<object> {
  const { probe, kept, adversarial } = campaign;
  await folder.writeJson(files.state, campaign.state());
  const coverages = kept.map(({ test }) => {
    const own = probe.empty();
    probe.add(own, probe.measure([test]), 0);
    return own;
  });
  const model = config.model ?? '';
  const text = {
    model,
    data,
    command: `funhash rnn-test --resume ${folder.path} --budget ${campaign.executions}`,
    replay: (seed: number) => `funhash rnn-test --model ${model} --replay ${example(folder.path, seed)}`,
    minimal: minimalSuite(coverages).length,
  };
  for (const [k, stored] of storedExamples(campaign).entries())
    await folder.writeJson(`${files.examples}-${adversarial[k]?.test.seed}.json`, stored);
  const report = { ...reportJson(campaign, text), ...(comparison && { comparison }) };
  await folder.writeJson(files.numbers, report);
  await folder.write(files.page, reportPage(campaign, text));
  return report;
}

function show(
  campaign: Campaign,
  folder: RunFolder,
  comparison: ReturnType<typeof compareBehaviour> | undefined,
  { line }: Printer,
): void {
  const { probe, coverage, kept, executions, adversarial, seeds } = campaign;
  const rows = probe.metrics.map(({ id, title, features }) => {
    const set = coverage.of(id);
    const raised = kept.filter((one) => one.raised[id]).length;
    return [id, title, `${set.count}`, `${features}`, `${(100 * set.ratio).toFixed(1)} %`, `${raised}`];
  });
  line(tableOf(['metric', '', 'covered', 'of', 'share', 'tests that raised it'], rows));
  line(
    `${grouped(executions)} tests, ${adversarial.length} of ${seeds.length} seeds fail; ${join(folder.path, files.page)}`,
  );
  if (!comparison) return;
  const { sameAnswers, accuracies = [], sameWords, steps } = comparison;
  line(
    `both nets: ${(100 * sameAnswers).toFixed(2)} % equal answers, right ${accuracies.map((share) => `${(100 * share).toFixed(2)} %`).join(' and ')}` +
      `${sameWords === undefined ? '' : `, ${(100 * sameWords).toFixed(1)} % equal words`}`,
  );
  line(
    tableOf(
      ['step', 'mean ξ', 'of the other', '|difference| / sd', 'correlation'],
      steps.map(({ step, levels, difference, correlation }) => [
        `${step}`,
        levels[0].toFixed(3),
        levels[1].toFixed(3),
        difference.toFixed(3),
        correlation.toFixed(3),
      ]),
    ),
  );
}

async function replay(path: string, typed: Record<string, unknown>, { line }: Printer): Promise<void> {
  const { model: file, backend } = checkConfig(settings, typed, 'the command line');
  if (file === undefined)
    throw new UsageError({ operation: '--replay', expected: 'the model by --model <file>', actual: 'none' });
  await requireFile('--replay', path);
  const stored = (await readJson(path)) as StoredExample;
  await chooseBackend(backend);
  const started = performance.now();
  const { seedAnswer, testAnswer, fails } = replayExample(await loadModel(file), stored);
  line(
    `${fails ? 'fails still' : 'does not fail'}: class ${stored.label}, the seed gets ${seedAnswer}, the test ${testAnswer}, ` +
      `at distance ${stored.distance.toPrecision(4)} (${stored.oracle}), in ${duration(performance.now() - started)}`,
  );
}

/** `bc:threshold=0.7,tc:symbols=4`. @throws UsageError for a metric that is none */
function readMetrics(text: string): MetricRequest[] {
  return text.split(',').map((one) => {
    const [id = '', ...options] = one.trim().split(':');
    if (!Object.hasOwn(coverageMetrics, id)) {
      const nearest = nearestName(id, Object.keys(coverageMetrics));
      throw new UsageError({
        operation: '--metrics',
        expected: `some of ${Object.keys(coverageMetrics).join(', ')}`,
        actual: id,
        ...(nearest !== undefined && { remedy: `Did you mean ${nearest}?` }),
      });
    }
    const given = options.map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, true] : [text.slice(0, at), number(text.slice(at + 1))];
    });
    return { metric: id, ...Object.fromEntries(given) };
  });
}

function firstOf({ count, inputs, labels }: Split, most: number): Split {
  const size = inputs.length / count;
  const taken = Math.min(count, most);
  return { count: taken, inputs: inputs.subarray(0, taken * size), labels: labels.subarray(0, taken) };
}

/** The first images of each class. */
function seedsOf({ count, inputs, labels }: Split, classes: number, perClass: number): Split {
  const left = Array(classes).fill(perClass);
  const places = Array.from({ length: count }, (_, k) => k).filter((k) => left[labels[k] as number]-- > 0);
  const size = inputs.length / count;
  const chosen = new Uint8Array(places.length * size);
  for (const [k, place] of places.entries())
    chosen.set(inputs.subarray(place * size, (place + 1) * size), k * size);
  return {
    count: places.length,
    inputs: chosen,
    labels: Uint8Array.from(places, (place) => labels[place] as number),
  };
}

const mostBytes = 2 ** 28;

async function readJson(path: string): Promise<unknown> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > mostBytes)
      throw new UsageError({ operation: path, expected: `at most ${mostBytes} bytes`, actual: `${size}` });
  } finally {
    await file.close();
  }
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ReplayError({ operation: path, expected: 'JSON', actual: 'something else' }, { cause });
  }
}

async function readState(path: string): Promise<CampaignState | undefined> {
  await requireFile('--resume', path);
  return (await readJson(path)) as CampaignState;
}
