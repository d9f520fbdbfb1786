import { join } from 'node:path';
import type { RunFolder } from '@funhash/experiments';
import {
  type Campaign,
  type compareBehaviour,
  minimalSuite,
  reportJson,
  reportPage,
  storedExamples,
  type Test,
} from '@funhash/rnn-testing';
import type { LoadedSearchData } from '../search/search-data.ts';
import type { SuiteComparison } from '../search/suite-comparison.ts';
import type { RnnTestConfig } from '../settings/rnn-test-settings.ts';
import { grouped, type Printer } from '../terminal/output.ts';
import { tableOf } from '../terminal/table.ts';

/** Files of the folder of a search. */
export const rnnTestFiles = {
  state: 'state.json',
  page: 'report.html',
  numbers: 'report.json',
  examples: 'adversarial',
  searches: 'searches.json',
} as const;
const examplePath = (folder: string, seed: number): string =>
  join(folder, `${rnnTestFiles.examples}-${seed}.json`);

/** Writes state, examples, numbers and page of a search into its folder. */
export async function writeReport(
  campaign: Campaign,
  config: RnnTestConfig,
  {
    folder,
    data,
    comparison,
    strength: measured,
  }: {
    readonly folder: RunFolder;
    readonly data: LoadedSearchData;
    readonly comparison: ReturnType<typeof compareBehaviour> | undefined;
    /** Measures how good the minimal suite is. */
    readonly strength?: ((suite: readonly Test[]) => Promise<SuiteComparison>) | undefined;
  },
): Promise<WrittenReport> {
  const { adversarial } = campaign;
  await folder.writeJson(rnnTestFiles.state, campaign.state());
  const suite = smallSuite(campaign);
  const strength = await measured?.(suite);
  const model = config.model ?? '';
  const text = {
    model,
    data: data.name,
    ...(data.word && { word: data.word }),
    ...(data.classes && { classes: data.classes }),
    command: `funhash rnn-test --resume ${folder.path} --budget ${campaign.executions}`,
    replay: (seed: number) => `funhash rnn-test --model ${model} --replay ${examplePath(folder.path, seed)}`,
    minimal: suite.length,
  };
  for (const [k, stored] of storedExamples(campaign).entries())
    await folder.writeJson(`${rnnTestFiles.examples}-${adversarial[k]?.test.seed}.json`, stored);
  const report = {
    ...reportJson(campaign, text),
    ...(comparison && { comparison }),
    ...(strength && { strength }),
  };
  await folder.writeJson(rnnTestFiles.numbers, report);
  await folder.write(rnnTestFiles.page, reportPage(campaign, text));
  return { report, strength };
}

/** What was written of a search. */
export interface WrittenReport {
  readonly report: object;
  readonly strength: SuiteComparison | undefined;
}

/** Few of the tests that covered something new, which cover the same. */
function smallSuite({ probe, kept }: Campaign): Test[] {
  const coverages = kept.map(({ test }) => {
    const own = probe.empty();
    probe.add(own, probe.measure([test]), 0);
    return own;
  });
  return minimalSuite(coverages).map((k) => (kept[k] as Campaign['kept'][number]).test);
}

/** Prints what a search found. */
export function show(
  campaign: Campaign,
  folder: RunFolder,
  {
    comparison,
    strength,
  }: Pick<WrittenReport, 'strength'> & {
    readonly comparison: ReturnType<typeof compareBehaviour> | undefined;
  },
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
    `${grouped(executions)} tests, ${adversarial.length} of ${seeds.length} seeds fail; ${join(folder.path, rnnTestFiles.page)}`,
  );
  if (strength) {
    const { suite, seeds: plain } = strength;
    line(
      `of ${suite.mutants.length} other nets the minimal suite of ${suite.tests} tests tells ${suite.killed} from this one, as many seeds tell ${plain.killed}`,
    );
  }
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
