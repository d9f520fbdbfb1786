import { join } from 'node:path';
import { chooseBackend, openFolder } from '@funhash/experiments';
import { replayExample, type StoredExample } from '@funhash/rnn-testing';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { loadModel } from '../files/load-model.ts';
import { requireFile } from '../files/paths.ts';
import { claimFolder, configFile } from '../files/run-folders.ts';
import { rnnTestFiles, show } from '../report/rnn-test-report.ts';
import { comparisonTable, usualCounts } from '../report/search-comparison.ts';
import { compareSearches, type SearchComparison } from '../search/compare-searches.ts';
import { readJson, readState } from '../search/read-state.ts';
import { runSearch } from '../search/run-search.ts';
import { loadSearchData } from '../search/search-data.ts';
import { addFlags, checkConfig, flagsTyped, readConfigFile } from '../settings/config.ts';
import { rnnTestSettings } from '../settings/rnn-test-settings.ts';
import { duration, type Printer } from '../terminal/output.ts';

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
        '  $ funhash rnn-test --model runs/…/model.safetensors --replay runs/rnn-test-…/adversarial-3.json\n' +
        '  $ funhash rnn-test --model runs/…/model.safetensors --data mnist --compare random,genetic,guided --seeds 3',
    )
    .action(async (flags: Flags) => {
      const typed = flagsTyped(command, rnnTestSettings);
      if (flags.replay !== undefined) return replay(flags.replay, typed, output);
      const kept = flags.resume === undefined ? {} : await readConfigFile(join(flags.resume, configFile));
      const config = checkConfig(rnnTestSettings, { ...kept, ...typed }, 'the command line');
      if (config.model === undefined) return command.error('error: --model <file> is missing');
      await requireFile('--model', config.model);
      if (flags.beside !== undefined) await requireFile('--beside', flags.beside);
      await chooseBackend(config.backend);
      const net = await loadModel(config.model);
      const data = await loadSearchData(config, net);
      const whole = { ...config, model: config.model };
      const open = () =>
        flags.resume === undefined ? claimFolder(flags.out, 'rnn-test') : openFolder(flags.resume);
      if (config.compare !== undefined) {
        const { beside } = flags;
        if (beside !== undefined)
          return command.error('error: --beside <file> cannot be used with --compare <list>');
        return compare({ net, data, config: whole, folder: await open() }, flags, output);
      }
      const state =
        flags.resume === undefined ? undefined : await readState(join(flags.resume, rnnTestFiles.state));
      const other = flags.beside === undefined ? undefined : await loadModel(flags.beside);
      const { campaign, folder, ...found } = await runSearch(
        { net, data, config: whole, open, state, other },
        output,
      );
      if (flags.json) output.json(found.report);
      else show(campaign, folder, found, output);
    });
}

/** Searches side by side, their table, and what it was made from as JSON. */
async function compare(parts: SearchComparison, { json }: Flags, output: Printer): Promise<void> {
  const { folder, config } = parts;
  try {
    const searches = await compareSearches(parts, output);
    await folder.writeJson(rnnTestFiles.searches, searches);
    if (json) return output.json(searches);
    const { seeds = 0 } = searches[0] ?? {};
    const seconds = searches.reduce((sum, { coreSeconds }) => sum + coreSeconds, 0);
    output.line(comparisonTable(searches, config.at ?? usualCounts(config.budget)));
    output.line(
      `${searches.length} searches from ${seeds} seeds, ${seconds.toFixed(0)} s of a core; ${folder.file(rnnTestFiles.searches)}`,
    );
  } finally {
    await folder.release();
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
