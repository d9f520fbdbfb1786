import { ArgumentError, checkArgument, checkOptions, random } from '@funhash/hashing';
import type { Dataset, Samples } from '../dataset.ts';
import { DataFormatError } from '../errors.ts';
import { isMissing, numberIn } from './cells.ts';
import { inputsOfRow, rowEncoder } from './encode-row.ts';
import type { TableColumn } from './infer-columns.ts';
import { readTable } from './read-table.ts';
import { type Part, partsBy, type Survey, survey } from './survey-table.ts';
import { type TableOptions, tableRules } from './table-options.ts';
import { nameOf, sourceRule, type TableSource } from './table-source.ts';
import type { TableTransformation } from './transformation.ts';

const operation = 'loadTable';
/** The samples of a table: rows as numbers, and what was found in the columns. */
export interface TableDataset extends Dataset {
  readonly dtype: 'f32';
  readonly transformation: TableTransformation & Readonly<Record<string, unknown>>;
  readonly columns: readonly TableColumn[];
  /** Rows without a target, which were left out. */
  readonly leftOut: number;
  /** Test rows of a class that no training row has: every answer to them is wrong. 0 of numbers. */
  readonly unseen: number;
  /** The cells of the first test rows, by the order of `columns`; at most 2 000 rows. */
  readonly testRows: readonly (readonly string[])[];
}

/** Numbers of all inputs together: 1 GiB. */
const mostNumbers = 2 ** 28;
const mostShown = 2000;

/**
 * A table (CSV, TSV, JSON or JSON lines) as samples. It is read twice: once to see what its columns are, once to make
 * them numbers, in memory that depends on the samples alone. Statistics come from the training rows.
 *
 * Numbers are standardised, dates tell day and season, categories have an input for each value, or hashed ones where they
 * have many; of texts the commonest words have one each, and weigh the more the rarer they are. Missing values are 0 and have an input that says so. Columns with one value, or a
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
  { transformation, columns, classes, trainClasses, counts, leftOut }: Survey,
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
  let [known, unseen] = [0, 0];
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
      if (!isTaken || into.left === 0) continue;
      into.left--;
      const label = numbers?.get(cell);
      if (numbers && label === undefined)
        throw new DataFormatError(name, 0, {
          operation,
          expected: 'the same rows as at the first reading',
          actual: `another ${options.target}`,
        });
      if (numbers && !trainClasses.has(cell)) unseen++;
      write(row, into.inputs, into.done * width);
      if (into.labels) into.labels[into.done] = label as number;
      if (into.targets) into.targets[into.done] = ((numberIn(cell) ?? mean) - mean) / std;
      if (part === 'test' && testRows.length < mostShown) testRows.push(row);
      into.done++;
    }
  }
  if (unseen === fillings.test.done)
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
    unseen,
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
