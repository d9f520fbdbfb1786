import {
  ArgumentError,
  checkArgument,
  checkOptions,
  nearestName,
  type OptionsOf,
  option,
  random,
} from '@funhash/hashing';
import type { Dataset, Samples } from '../dataset.ts';
import { seedRule } from '../define-dataset.ts';
import { isMissing, numberIn } from './cells.ts';
import { ColumnStatistics } from './column-statistics.ts';
import { inputsOfRow, rowEncoder } from './encode-row.ts';
import { foundIn, kindOf, type TableColumn, transformationOf } from './infer-columns.ts';
import { readTable } from './read-table.ts';
import { formats, nameOf, sourceRule, type TableSource } from './table-source.ts';
import { type ColumnKind, columnKinds, type TableTransformation } from './transformation.ts';

const operation = 'loadTable';
const names = option.list(option.text(), { most: 4096 });

/** Options of `loadTable`. */
export const tableRules = {
  /** The column that is to be found. */
  target: option.required(option.text()),
  /**
   * Whether the target is a class or a number. Default: texts are classes, and so are whole numbers of at most 20 values
   * with three rows each on average; all else are numbers.
   */
  task: option.oneOf(['class', 'number']),
  /** A column of texts that is the only input: its words. */
  text: option.text(),
  /** Columns that are no inputs. */
  ignore: names,
  /** Kinds of columns that are not to be inferred, such as `['zip=category', 'id=ignored']`. */
  kinds: names,
  /** A column that says which rows are for the test, by `test`; all others are for training. Default: drawn by the seed. */
  split: option.text(),
  /** Share of rows that are drawn for the test. Default 0.2. */
  test: option.real({ least: 0, most: 0.9 }),
  /** Decides which rows are for the test, and which are taken where they are counted. Default 0. */
  seed: seedRule(),
  /** Training rows, drawn by the seed; validation included. Default: all. */
  trainCount: option.count(),
  /** Test rows, drawn by the seed. Default: all. */
  testCount: option.count(),
  /** Categories with more values than this are hashed. Default 64. */
  oneHot: option.integer({ least: 2, most: 2048 }),
  /** Inputs of a hashed category. Default 64. */
  buckets: option.integer({ least: 1, most: 2 ** 16 }),
  /** Inputs of the words of a text. Default 1024. */
  textBuckets: option.integer({ least: 1, most: 2 ** 18 }),
  /** How rows are written. Default: as the name of the file says, else csv. */
  format: option.oneOf(formats),
};

export type TableOptions = OptionsOf<typeof tableRules>;

/** The samples of a table: rows as numbers, and what was found in the columns. */
export interface TableDataset extends Dataset {
  readonly dtype: 'f32';
  readonly transformation: TableTransformation & Readonly<Record<string, unknown>>;
  readonly columns: readonly TableColumn[];
  /** Rows without a target, which were left out. */
  readonly leftOut: number;
  /** The cells of the first test rows, by the order of `columns`; at most 2 000 rows. */
  readonly testRows: readonly (readonly string[])[];
}

/** Numbers of all inputs together: 1 GiB. */
const mostNumbers = 2 ** 28;
const mostShown = 2000;
/** Numbers with more values than this, or with fewer rows a value, are to be fitted, not told apart. */
const mostNumberClasses = 20;
const fewestRowsOfClass = 3;
const mostClasses = 4096;

/**
 * A table (CSV, TSV, JSON or JSON lines) as samples. It is read twice: once to see what its columns are, once to make
 * them numbers, in memory that depends on the samples alone. Statistics come from the training rows.
 *
 * Numbers are standardised, dates tell day and season, categories have an input for each value, or hashed ones where they
 * have many; texts are hashed words. Missing values are 0 and have an input that says so. Columns with one value, or a
 * different one in each row, are no inputs.
 *
 * @param source a path (Node), a `File` or `Blob` (pages), or bytes
 * @throws ArgumentError for columns that are not there, with the nearest name; DataFormatError for what is no table, with
 * the row; DataAbsentError where there is no file
 */
export async function loadTable(source: TableSource, options: TableOptions): Promise<TableDataset> {
  checkArgument(operation, 'source', sourceRule, source);
  checkOptions(operation, tableRules, options);
  const { format } = options;
  const chunks = () => readTable(operation, source, format);
  const found = await survey(chunks(), options);
  return encode(chunks(), found, nameOf(source), options);
}

interface Survey {
  readonly transformation: TableTransformation;
  readonly columns: readonly TableColumn[];
  readonly classes: readonly string[] | undefined;
  readonly counts: Readonly<Record<Part, number>>;
  readonly leftOut: number;
}

type Part = 'train' | 'test';

/** Says of rows with a target, in their order, of which part they are. */
function partsBy({ split, test = 0.2, seed = 0 }: TableOptions, columns: readonly string[]) {
  const drawn = random(seed).fork('test rows');
  const at = split === undefined ? -1 : columns.indexOf(split);
  return (row: readonly string[]): Part => {
    if (at < 0) return drawn.uniform() < test ? 'test' : 'train';
    return row[at]?.trim().toLowerCase() === 'test' ? 'test' : 'train';
  };
}

async function survey(chunks: ReturnType<typeof readTable>, options: TableOptions): Promise<Survey> {
  const statistics: ColumnStatistics[] = [];
  const counts = { train: 0, test: 0 };
  let leftOut = 0;
  let partOf: ReturnType<typeof partsBy> | undefined;
  for await (const { columns, rows } of chunks) {
    for (const name of columns.slice(statistics.length)) {
      const column = new ColumnStatistics(name);
      // Rows before the first with this field have nothing there.
      column.missing = counts.train;
      statistics.push(column);
    }
    const at = requireColumn('target', options.target, columns);
    if (options.split !== undefined) requireColumn('split', options.split, columns);
    partOf ??= partsBy(options, columns);
    for (const row of rows) {
      if (isMissing(row[at] ?? '')) {
        leftOut++;
        continue;
      }
      const part = partOf(row);
      counts[part]++;
      if (part === 'train') for (const [k, column] of statistics.entries()) column.add(row[k] ?? '');
    }
  }
  for (const part of ['train', 'test'] as const)
    if (counts[part] === 0)
      throw new ArgumentError({
        operation,
        expected: `rows for ${part === 'train' ? 'training' : 'the test'}`,
        actual: `none of ${counts.train + counts.test}${leftOut > 0 ? `; ${leftOut} have no ${options.target}` : ''}`,
        remedy: 'Change test, seed, or the column after split.',
      });
  return { ...decide(statistics, options), counts, leftOut };
}

/** What becomes of each column. */
function decide(
  statistics: readonly ColumnStatistics[],
  options: TableOptions,
): Pick<Survey, 'transformation' | 'columns' | 'classes'> {
  const { oneHot = 64, buckets = 64, textBuckets = 1024, ignore = [], text, split } = options;
  const all = statistics.map(({ name }) => name);
  for (const name of ignore) requireColumn('ignore', name, all);
  if (text !== undefined) requireColumn('text', text, all);
  const given = kindsIn(options.kinds ?? [], all);
  const columns: TableColumn[] = [];
  const inputs: TableTransformation['columns'][number][] = [];
  const ignored = (column: ColumnStatistics, found: string): void =>
    void columns.push({ name: column.name, kind: 'ignored', found });
  for (const column of statistics) {
    const { name } = column;
    const own = given.get(name) ?? (name === text ? 'text' : undefined);
    if (name === options.target) columns.push({ name, kind: 'target', found: foundIn(column) });
    else if (name === split) columns.push({ name, kind: 'split', found: foundIn(column) });
    else if (ignore.includes(name) || own === 'ignored') ignored(column, 'as asked');
    else if (text !== undefined && name !== text) ignored(column, `the text of ${text} is the input`);
    else {
      const kind = own ?? kindOf(column, { oneHot });
      if (typeof kind === 'object') ignored(column, kind.ignored);
      else {
        inputs.push(transformationOf(column, kind, { oneHot, buckets, textBuckets }));
        columns.push({ name, kind, found: foundIn(column) });
      }
    }
  }
  if (inputs.length === 0)
    throw new ArgumentError({
      operation,
      expected: 'a column that tells something',
      actual: columns
        .map(({ name, found }) => `${name}: ${found}`)
        .join('; ')
        .slice(0, 400),
    });
  const target = statistics.find(({ name }) => name === options.target) as ColumnStatistics;
  const isNumber = isNumberTarget(target, options.task);
  return {
    columns,
    classes: isNumber ? undefined : classesOf(target),
    transformation: {
      kind: 'table',
      columns: inputs,
      target: {
        name: target.name,
        ...(isNumber && { mean: target.mean, std: target.std > 0 ? target.std : 1 }),
      },
    },
  };
}

function kindsIn(given: readonly string[], all: readonly string[]): Map<string, ColumnKind | 'ignored'> {
  const known = [...columnKinds, 'ignored'] as const;
  return new Map(
    given.map((text) => {
      const at = text.lastIndexOf('=');
      const [name, kind] = [text.slice(0, at), text.slice(at + 1)];
      if (at < 1 || !(known as readonly string[]).includes(kind))
        throw new ArgumentError({
          operation,
          expected: `kinds as column=kind, a kind being one of ${known.join(', ')}`,
          actual: text,
        });
      requireColumn('kinds', name, all);
      return [name, kind as ColumnKind];
    }),
  );
}

function requireColumn(field: string, name: string, columns: readonly string[]): number {
  const at = columns.indexOf(name);
  if (at >= 0) return at;
  const near = nearestName(name, columns);
  throw new ArgumentError({
    operation,
    expected: `${field}: one of the columns ${columns.slice(0, 40).join(', ')}`,
    actual: name,
    ...(near !== undefined && { remedy: `Did you mean ${near}?` }),
  });
}

function isNumberTarget(target: ColumnStatistics, task: TableOptions['task']): boolean {
  if (target.numbers < target.count) {
    if (task === 'number')
      throw new ArgumentError({
        operation,
        expected: `numbers in ${target.name}`,
        actual: `${target.count - target.numbers} rows with other values`,
      });
    return false;
  }
  if (task !== undefined) return task === 'number';
  const { distinct, count, isWhole } = target;
  return !isWhole || distinct > mostNumberClasses || distinct * fewestRowsOfClass > count;
}

/** The classes of a target: numbers by their size, texts by the alphabet. */
function classesOf(target: ColumnStatistics): readonly string[] {
  const { distinct, values, count, numbers, name } = target;
  if (distinct < 2 || distinct > mostClasses)
    throw new ArgumentError({
      operation,
      expected: `2 to ${mostClasses} classes in ${name}`,
      actual: distinct === Number.POSITIVE_INFINITY ? 'more' : String(distinct),
      ...(numbers === count && distinct > 2 && { remedy: 'Numbers can be fitted: task number.' }),
    });
  return numbers === count
    ? [...values].sort((a, b) => Number(a) - Number(b))
    : [...values].sort((a, b) => (a < b ? -1 : 1));
}

interface Filling {
  readonly inputs: Float32Array;
  readonly labels: Int32Array | undefined;
  readonly targets: Float32Array | undefined;
  /** Rows still to be looked at, and to be taken. */
  rows: number;
  left: number;
  done: number;
}

async function encode(
  chunks: ReturnType<typeof readTable>,
  { transformation, columns, classes, counts, leftOut }: Survey,
  name: string,
  options: TableOptions,
): Promise<TableDataset> {
  const width = inputsOfRow(transformation);
  const wanted = {
    train: Math.min(counts.train, options.trainCount ?? counts.train),
    test: Math.min(counts.test, options.testCount ?? counts.test),
  };
  if ((wanted.train + wanted.test) * width > mostNumbers)
    throw new ArgumentError({
      operation,
      expected: `at most ${mostNumbers} numbers in memory`,
      actual: `${wanted.train + wanted.test} rows of ${width} inputs`,
      remedy: 'Take fewer rows: trainCount, testCount; or fewer inputs: textBuckets, ignore.',
    });
  const fillings = { train: fillingFor('train'), test: fillingFor('test') };
  function fillingFor(part: Part): Filling {
    const count = wanted[part];
    return {
      inputs: new Float32Array(count * width),
      labels: classes && new Int32Array(count),
      targets: classes ? undefined : new Float32Array(count),
      rows: counts[part],
      left: count,
      done: 0,
    };
  }
  const drawn = random(options.seed ?? 0).fork('taken rows');
  const numbers = classes && new Map(classes.map((value, k) => [value, k]));
  const testRows: (readonly string[])[] = [];
  const { mean = 0, std = 1 } = transformation.target;
  let reading:
    | { partOf: ReturnType<typeof partsBy>; write: ReturnType<typeof rowEncoder>; at: number }
    | undefined;
  let known = 0;
  for await (const { columns: present, rows } of chunks) {
    if (reading === undefined || present.length > known) {
      known = present.length;
      const places = transformation.columns.map((column) => present.indexOf(column.name));
      reading = {
        partOf: reading?.partOf ?? partsBy(options, present),
        write: rowEncoder(transformation, places),
        at: present.indexOf(options.target),
      };
    }
    const { partOf, write, at } = reading;
    for (const row of rows) {
      const cell = (row[at] ?? '').trim();
      if (isMissing(cell)) continue;
      const part = partOf(row);
      const into = fillings[part];
      // Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S): every choice equally likely.
      const isTaken = into.left === into.rows || drawn.uniform() * into.rows < into.left;
      into.rows--;
      // A class that training rows do not have cannot be learnt, nor said.
      const label = numbers?.get(cell);
      if (!isTaken || into.left === 0) continue;
      into.left--;
      if (numbers && label === undefined) continue;
      write(row, into.inputs, into.done * width);
      if (into.labels) into.labels[into.done] = label as number;
      if (into.targets) into.targets[into.done] = ((numberIn(cell) ?? mean) - mean) / std;
      if (part === 'test' && testRows.length < mostShown) testRows.push(row);
      into.done++;
    }
  }
  if (fillings.test.done === 0)
    throw new ArgumentError({
      operation,
      expected: `test rows with a ${options.target} that training rows have`,
      actual: `none of ${wanted.test}`,
      remedy: 'Take more rows, another seed, or task number where numbers are to be fitted.',
    });
  const shownName = name.split(/[/\\]/).at(-1) as string;
  return {
    name: shownName,
    description: `${shownName}: ${options.target} from ${transformation.columns.length} columns as ${width} numbers`,
    inputShape: [width],
    dtype: 'f32',
    ...(classes
      ? { classes: classes.length, classNames: classes }
      : { targetShape: [1], targetScale: [mean, mean + std] as const }),
    transformation: transformation as TableDataset['transformation'],
    columns,
    leftOut,
    testRows,
    train: samplesOf(fillings.train, width),
    test: samplesOf(fillings.test, width),
  };
}

function samplesOf({ inputs, labels, targets, done }: Filling, width: number): Samples {
  return {
    count: done,
    inputs: inputs.subarray(0, done * width),
    ...(labels && { labels: labels.subarray(0, done) }),
    ...(targets && { targets: targets.subarray(0, done) }),
  };
}
