import type { RunFolder } from '@funhash/experiments';
import type { Model, Module } from '@funhash/layers';
import {
  type Campaign,
  type CampaignState,
  compareBehaviour,
  naturalLimits,
  type ProbeOptions,
  rnnTest,
  type Test,
} from '@funhash/rnn-testing';
import { InterruptedError } from '../errors.ts';
import { configFile } from '../files/run-folders.ts';
import { rnnTestFiles, type WrittenReport, writeReport } from '../report/rnn-test-report.ts';
import type { RnnTestConfig } from '../settings/rnn-test-settings.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { grouped, type Printer } from '../terminal/output.ts';
import { progress } from '../terminal/progress.ts';
import type { LoadedSearchData } from './search-data.ts';
import { searchParts } from './search-parts.ts';
import { searchThreads, sentJob } from './search-threads.ts';
import { compareSuites } from './suite-comparison.ts';

/** A search and where it is written. */
export interface SearchRun {
  readonly net: Module;
  /** Settings, with the path of the model, from which threads load it. */
  readonly config: RnnTestConfig & { readonly model: string };
  readonly data: LoadedSearchData;
  /** Opens the folder, once settings have been found good. */
  readonly open: () => Promise<RunFolder>;
  /** The search as it stood when it was stopped. */
  readonly state?: CampaignState | undefined;
  /** Constants of metrics that were measured before. Default: measured now. */
  readonly constants?: ProbeOptions['constants'];
  /** The net to set beside this one. */
  readonly other?: Model | undefined;
  /** What it is called while it runs. Default: its strategy. */
  readonly name?: string;
  /** The folder that `--resume` takes. Default: the one that `open` gives. */
  readonly resumed?: string;
}

/** What a search came to. */
export interface SearchOutcome extends WrittenReport {
  readonly campaign: Campaign;
  readonly folder: RunFolder;
  readonly comparison: ReturnType<typeof compareBehaviour> | undefined;
}

/** Searches until the budget is spent, and writes the report. */
export async function runSearch(run: SearchRun, output: Printer): Promise<SearchOutcome> {
  const { net, config, data, state, constants, other } = run;
  const { probe, options } = searchParts(net, config, data, constants);
  const threads =
    config.threads > 1 ? searchThreads(config.threads, config.model, config, data, probe) : undefined;
  try {
    const campaign = rnnTest(probe, {
      ...options,
      isNatural: naturalLimits(data.training),
      ...(threads && { carryOut: (job) => threads.run(sentJob(job)) }),
      ...(state && { state }),
    });
    const folder = await run.open();
    try {
      await folder.writeJson(configFile, config);
      await search(campaign, folder, run, output);
      const comparison = other && compareBehaviour(campaign.probe, other, data.test);
      const { mutants } = config;
      const strength =
        mutants === undefined
          ? undefined
          : (suite: readonly Test[]) =>
              compareSuites(probe, suite, campaign.seeds, { net, mutants, other, seed: config.seed });
      const written = await writeReport(campaign, config, { folder, data, comparison, strength });
      return { campaign, folder, comparison, ...written };
    } finally {
      await folder.release();
    }
  } finally {
    await threads?.close();
  }
}

/** Rounds until the budget is spent; the state is kept every half a minute, and when a signal comes. */
async function search(
  campaign: Campaign,
  folder: RunFolder,
  { config: { budget }, name = campaign.strategy, resumed = folder.path }: SearchRun,
  output: Printer,
): Promise<void> {
  const shown = progress(output);
  const stop = onInterrupt();
  const task = shown.task(name, budget);
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
          `Interrupted after ${grouped(executions)} tests. Go on with: funhash rnn-test --resume ${resumed}`,
          stop.cause,
        );
    }
    task.finish();
  } finally {
    stop.release();
    shown.close();
  }
}
