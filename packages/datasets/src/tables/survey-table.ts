import { ArgumentError, nearestName, random } from '@funhash/hashing';
import { isMissing, numberIn } from './cells.ts';
import { ColumnStatistics } from './column-statistics.ts';
import { foundIn, kindOf, type TableColumn, transformationOf } from './infer-columns.ts';
import type { readTable } from './read-table.ts';
import type { TableOptions } from './table-options.ts';
import { type ColumnKind, columnKinds, type TableTransformation } from './transformation.ts';

const operation = 'loadTable';

/** Numbers with more values than this, or with fewer rows a value, are to be fitted, not told apart. */
const mostNumberClasses = 20;
const fewestRowsOfClass = 3;
const mostClasses = 4096;

/** What a first reading of a table finds. */
export interface Survey {
  readonly transformation: TableTransformation;
  readonly columns: readonly TableColumn[];
  /** Classes of all rows; those that no training row has count as wrong answers of the test. */
  readonly classes: readonly string[] | undefined;
  readonly trainClasses: ReadonlySet<string>;
  readonly counts: Readonly<Record<Part, number>>;
  readonly leftOut: number;
}

export type Part = 'train' | 'test';

/** Says of rows with a target, in their order, of which part they are. */
export function partsBy({ split, test = 0.2, seed = 0 }: TableOptions, columns: readonly string[]) {
  const drawn = random(seed).fork('test rows');
  const at = split === undefined ? -1 : columns.indexOf(split);
  return (row: readonly string[]): Part => {
    if (at < 0) return drawn.uniform() < test ? 'test' : 'train';
    return row[at]?.trim().toLowerCase() === 'test' ? 'test' : 'train';
  };
}

/** Reads a table to see what its columns are, by the training rows alone. */
export async function survey(chunks: ReturnType<typeof readTable>, options: TableOptions): Promise<Survey> {
  const statistics: ColumnStatistics[] = [];
  const counts = { train: 0, test: 0 };
  const testClasses = new Set<string>();
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
      // Of more it is only known that they are too many.
      else if (testClasses.size <= mostClasses) testClasses.add((row[at] ?? '').trim());
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
  return { ...decide(statistics, testClasses, options), counts, leftOut };
}

/** What becomes of each column. */
function decide(
  statistics: readonly ColumnStatistics[],
  testClasses: ReadonlySet<string>,
  options: TableOptions,
): Pick<Survey, 'transformation' | 'columns' | 'classes' | 'trainClasses'> {
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
    const own = given.get(name) ?? (name === text ? 'words' : undefined);
    if (name === options.target) columns.push({ name, kind: 'target', found: foundIn(column) });
    else if (name === split) columns.push({ name, kind: 'split', found: foundIn(column) });
    else if (ignore.includes(name) || own === 'ignored') ignored(column, 'as asked');
    else if (text !== undefined && name !== text) ignored(column, `the text of ${text} is the input`);
    else {
      const kind = own ?? kindOf(column, { oneHot });
      if (typeof kind === 'object') ignored(column, kind.ignored);
      else {
        const input = transformationOf(column, kind, { oneHot, buckets, textBuckets });
        inputs.push(input);
        columns.push({ name, kind: input.kind, found: foundIn(column) });
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
    classes: isNumber ? undefined : classesOf(target, testClasses),
    trainClasses: new Set(target.values),
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
function classesOf(target: ColumnStatistics, testClasses: ReadonlySet<string>): readonly string[] {
  const { distinct, values, count, numbers, name } = target;
  const all = [...new Set([...values, ...testClasses])];
  if (distinct < 2 || distinct > mostClasses || all.length > mostClasses)
    throw new ArgumentError({
      operation,
      expected: `2 to ${mostClasses} classes in ${name}`,
      actual: distinct < 2 ? `${distinct} in the training rows` : 'more',
      ...(numbers === count && distinct > 2 && { remedy: 'Numbers can be fitted: task number.' }),
    });
  return all.every((value) => numberIn(value) !== undefined)
    ? all.sort((a, b) => Number(a) - Number(b))
    : all.sort((a, b) => (a < b ? -1 : 1));
}
