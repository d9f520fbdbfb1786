import { dirname, join } from 'node:path';
import { saveBytes } from '@funhash/codec';
import { filled, sizeIfThere } from '@funhash/experiments';
import { option } from '@funhash/hashing';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { requireFolder } from '../files/paths.ts';
import { readBounded } from '../files/read-bounded.ts';
import { configBeside, configFile } from '../files/run-folders.ts';
import {
  type FrontierRow,
  frontierCells,
  frontierHeader,
  frontierMarkdown,
  frontierOf,
  frontierSvg,
  withRun,
} from '../report/frontier.ts';
import { commandText } from '../report/repeat.ts';
import { readConfigFile, type Settings } from '../settings/config.ts';
import { helpText } from '../terminal/help.ts';
import type { Printer } from '../terminal/output.ts';
import { tableOf } from '../terminal/table.ts';
import { compressSettings, figuresFile } from './compress.ts';
import { trainSettings } from './train.ts';

interface FrontierFlags {
  readonly add?: readonly string[];
  readonly page?: string;
  readonly chart?: string;
  readonly json?: true;
}

/** Lines of a page between which the command writes. */
const marks = ['<!-- frontier -->', '<!-- end of frontier -->'] as const;

/** Makes `funhash frontier`: errors against bytes of files, as runs of `compress` measured them. */
export function frontierCommand(output: Printer): Command {
  return new Command('frontier')
    .summary('accuracy against bytes of whole files: a table, a page and a chart from stored runs')
    .description(
      'Reads a file of rows, each of runs that differ by their seeds alone, and prints their table. --add takes folders that ' +
        '`funhash compress --bytes` wrote into the file: a row is known by the commands that made it, so a run of another ' +
        'seed joins it, and one of the same seed takes its place. --page writes the table with the commands into a Markdown ' +
        `file, between the lines ${marks.join(' and ')}; --chart an SVG picture. Where the file of rows is absent, --add makes it.`,
    )
    .argument('<rows>', 'a .json file of rows')
    .option('--add <folders...>', 'folders of `compress` to take in')
    .option('--page <file>', 'a Markdown file with the two lines')
    .option('--chart <file>', 'an .svg file, written over')
    .option('--json', 'print the rows as JSON')
    .addHelpText(
      'after',
      helpText(
        output,
        '\nExample:\n  $ funhash frontier docs/frontier.json --add runs/kilobyte-* --page docs/frontier.md --chart docs/frontier.svg',
      ),
    )
    .action((file: string, flags: FrontierFlags) => frontier(file, flags, output));
}

async function frontier(
  file: string,
  { add = [], page, chart, json }: FrontierFlags,
  output: Printer,
): Promise<void> {
  const isNew = add.length > 0 && (await sizeIfThere(file)) === undefined;
  let rows = isNew ? [] : frontierOf(await readConfigFile(file), file);
  for (const folder of add) rows = await withFolder(rows, folder);
  const text = page === undefined ? undefined : await pageWith(page, frontierMarkdown(rows));
  // Everything was read and checked: now it is written.
  const write = (path: string, content: string): Promise<void> =>
    saveBytes(path, new TextEncoder().encode(content));
  if (add.length > 0) await write(file, `${JSON.stringify({ rows }, null, 2)}\n`);
  if (page !== undefined && text !== undefined) await write(page, text);
  if (chart !== undefined) await write(chart, frontierSvg(rows));
  if (json) return output.json({ rows }, 2);
  output.line(tableOf(frontierHeader, frontierCells(rows), output.columns, ['validation %', 'by seed']));
}

const maxPageBytes = 2 ** 22;

const figureRules = {
  model: option.required(option.text()),
  fileBytes: option.required(option.integer({ least: 1 })),
  testErrors: option.required(option.any<unknown>('errors')),
};

const errorRules = {
  file: option.required(option.real({ least: 0, most: 1 })),
  fileValidation: option.required(option.real({ least: 0, most: 1 })),
};

const configRules = {
  data: option.required(option.text()),
  bytes: option.required(option.integer({ least: 1 })),
  seed: option.required(option.integer()),
};

/** The rows with the run in a folder that `compress --bytes` wrote. */
async function withFolder(rows: readonly FrontierRow[], folder: string): Promise<readonly FrontierRow[]> {
  await requireFolder('--add', folder);
  const path = (name: string): string => join(folder, name);
  const config = await readConfigFile(path(configFile));
  const figures = picked(figureRules, await readConfigFile(path(figuresFile)), path(figuresFile));
  const { file: test, fileValidation: validation } = picked(
    errorRules,
    figures.testErrors as object,
    path(figuresFile),
  );
  const { data, bytes: limit, seed } = picked(configRules, config, path(configFile));
  const trained = await readConfigFile(configBeside(dirname(figures.model)));
  const commands = [
    commandText(['train'], trainSettings, ofAllSeeds(trainSettings, trained)),
    commandText(
      ['compress', '<the run>/model.safetensors'],
      compressSettings,
      ofAllSeeds(compressSettings, config),
    ),
  ].map((text) => `${text} \\\n  --seed <seed>`.replace(/'(<the run>[^']*)'/, '$1'));
  return withRun(rows, { data, limit, commands }, { seed, bytes: figures.fileBytes, validation, test });
}

/** Fields of an object that there are rules for, checked. */
function picked<R extends Parameters<typeof filled>[1]>(rules: R, given: object, origin: string) {
  const known = Object.entries(given).filter(([name]) => Object.hasOwn(rules, name));
  return filled(origin, rules, Object.fromEntries(known));
}

/** Settings without the seed, and without what changes no figure: the machine, threads. */
const ofAllSeeds = (
  settings: Settings,
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(config).filter(([name]) => name !== 'seed' && settings[name]?.isLocal !== true),
  );

/** A page with a text between its marks. @throws UsageError where it has not both */
async function pageWith(path: string, text: string): Promise<string> {
  const page = (await readBounded(path, { maxBytes: maxPageBytes })).toString('utf8');
  const [from, until] = marks.map((mark) => page.indexOf(mark)) as [number, number];
  if (from < 0 || until < from)
    throw new UsageError({
      operation: `--page ${path}`,
      expected: `a page with the lines ${marks.join(' and ')}`,
      actual: 'none, or in another order',
    });
  return `${page.slice(0, from + marks[0].length)}\n\n${text}\n\n${page.slice(until)}`;
}
