import { existsSync } from 'node:fs';
import { openFolder, type RunFolder } from '@funhash/experiments';
import type { Module } from '@funhash/layers';
import type { CampaignState, ProbeOptions } from '@funhash/rnn-testing';
import { configFile } from '../files/run-folders.ts';
import { rnnTestFiles } from '../report/rnn-test-report.ts';
import type { ComparedSearch } from '../report/search-comparison.ts';
import type { RnnTestConfig } from '../settings/rnn-test-settings.ts';
import type { Printer } from '../terminal/output.ts';
import { readState } from './read-state.ts';
import { runSearch } from './run-search.ts';
import type { LoadedSearchData } from './search-data.ts';

/** What searches that are compared have in common. */
export interface SearchComparison {
  readonly net: Module;
  readonly config: RnnTestConfig & { readonly model: string };
  readonly data: LoadedSearchData;
  readonly folder: RunFolder;
}

/**
 * Carries the same search out by each strategy and with each seed, each into a folder of its own, as it would be without the
 * others. Searches that were stopped go on, and those that are done stay as they are.
 */
export async function compareSearches(
  { net, config, data, folder }: SearchComparison,
  output: Printer,
): Promise<readonly ComparedSearch[]> {
  await folder.writeJson(configFile, config);
  const { compare = [], at, ...alone } = config;
  const found: ComparedSearch[] = [];
  let constants: ProbeOptions['constants'];
  for (const strategy of compare)
    for (let seed = config.seed; seed < config.seed + config.seeds; seed++) {
      const name = `${strategy}-${seed}`;
      const path = folder.file(name);
      const before = process.cpuUsage();
      const { campaign } = await runSearch(
        {
          net,
          data,
          constants,
          name,
          // One that stands alone, so that its folder can be gone on with.
          config: { ...alone, strategy, seed },
          open: () => openFolder(path),
          state: await stateIn(path),
          resumed: folder.path,
        },
        output,
      );
      const { user, system } = process.cpuUsage(before);
      const { probe, history, seeds } = campaign;
      constants = Object.fromEntries(probe.metrics.map((metric) => [metric.id, metric.constants]));
      found.push({ strategy, seed, seeds: seeds.length, coreSeconds: (user + system) / 1e6, history });
    }
  return found;
}

async function stateIn(path: string): Promise<CampaignState | undefined> {
  const file = `${path}/${rnnTestFiles.state}`;
  return existsSync(file) ? readState(file) : undefined;
}
