import { join } from 'node:path';
import { chooseBackend, openFolder, type RunFolder } from '@funhash/experiments';
import {
  type Campaign,
  type CampaignState,
  compareBehaviour,
  naturalLimits,
  ReplayError,
  replayExample,
  rnnTest,
  type StoredExample,
} from '@funhash/rnn-testing';
import { Command } from 'commander';
import { InterruptedError, UsageError } from '../errors.ts';
import { loadModel } from '../files/load-model.ts';
import { requireFile } from '../files/paths.ts';
import { readBounded } from '../files/read-bounded.ts';
import { claimFolder, configFile } from '../files/run-folders.ts';
import { rnnTestFiles, show, writeReport } from '../report/rnn-test-report.ts';
import { loadSearchData } from '../search/search-data.ts';
import { searchParts } from '../search/search-parts.ts';
import { searchThreads, sentJob } from '../search/search-threads.ts';
import { addFlags, checkConfig, flagsTyped, readConfigFile } from '../settings/config.ts';
import { type RnnTestConfig, rnnTestSettings } from '../settings/rnn-test-settings.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { duration, grouped, type Printer } from '../terminal/output.ts';
import { progress } from '../terminal/progress.ts';

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
      'Searches for tests that make a recurrent net do what no test did before, and for samples near to right ones that it\n' +
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
  return addFlags(command, rnnTestSettings)
    .addHelpText(
      'after',
      '\nExamples:\n  $ funhash rnn-test --model runs/…/model.safetensors --data mnist --window 4,24\n' +
        '  $ funhash rnn-test --model runs/…/model.safetensors --data imdb --synonyms synonyms.txt --radius 0.1\n' +
        '  $ funhash rnn-test --model runs/…/model.safetensors --replay runs/rnn-test-…/adversarial-3.json',
    )
    .action(async (flags: Flags) => {
      const typed = flagsTyped(command, rnnTestSettings);
      if (flags.replay !== undefined) return replay(flags.replay, typed, output);
      const kept = flags.resume === undefined ? {} : await readConfigFile(join(flags.resume, configFile));
      const config = checkConfig(rnnTestSettings, { ...kept, ...typed }, 'the command line');
      if (config.model === undefined) return command.error('error: --model <file> is missing');
      await requireFile('--model', config.model);
      if (flags.beside !== undefined) await requireFile('--beside', flags.beside);
      const state =
        flags.resume === undefined
          ? undefined
          : ((await readJson(join(flags.resume, rnnTestFiles.state))) as CampaignState);
      await chooseBackend(config.backend);
      const net = await loadModel(config.model);
      const data = await loadSearchData(config, net);
      const { probe, options } = searchParts(net, config, data);
      const threads =
        config.threads > 1 ? searchThreads(config.threads, config.model, config, data, probe) : undefined;
      try {
        const campaign = rnnTest(probe, {
          ...options,
          isNatural: naturalLimits(data.training),
          ...(threads && { carryOut: (job) => threads.run(sentJob(job)) }),
          ...(state && { state }),
        });
        const folder =
          flags.resume === undefined
            ? await claimFolder(flags.out, 'rnn-test')
            : await openFolder(flags.resume);
        try {
          await folder.writeJson(configFile, config);
          await search(campaign, config, folder, output);
          const other = flags.beside === undefined ? undefined : await loadModel(flags.beside);
          const comparison = other && compareBehaviour(campaign.probe, other, data.test);
          const report = await writeReport(campaign, config, { folder, data, comparison });
          if (flags.json) output.json(report);
          else show(campaign, folder, comparison, output);
        } finally {
          await folder.release();
        }
      } finally {
        await threads?.close();
      }
    });
}

/** Rounds until the budget is spent; the state is kept every half a minute, and when a signal comes. */
async function search(
  campaign: Campaign,
  { budget }: RnnTestConfig,
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
      await folder.writeJson(rnnTestFiles.state, campaign.state());
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

async function replay(path: string, typed: Record<string, unknown>, { line }: Printer): Promise<void> {
  const { model: file, backend } = checkConfig(rnnTestSettings, typed, 'the command line');
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

async function readJson(path: string): Promise<unknown> {
  const text = (await readBounded(path, { maxBytes: 2 ** 28 })).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ReplayError({ operation: path, expected: 'JSON', actual: 'something else' }, { cause });
  }
}
