import {
  ArgumentError,
  checkArgument,
  checkOptions,
  nearestName,
  type OptionsOf,
  option,
} from '@funhash/hashing';
import { inputsOfRow, rowEncoder } from './encode-row.ts';
import { readTable } from './read-table.ts';
import { formats, sourceRule, type TableSource } from './table-source.ts';
import { type TableTransformation, tableTransformation } from './transformation.ts';

const operation = 'tableInputs';

const rules = {
  /** How rows are written. Default: as the name of the file says, else csv. */
  format: option.oneOf(formats),
};

/** Rows of a table as a model takes them, with their cells. */
export interface TableBatch {
  readonly count: number;
  /** [count, inputs]. */
  readonly inputs: Float32Array;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * New rows as the inputs that a model was trained on, batch by batch, in memory that does not grow with the table.
 *
 * @param transformation what the signature of the model says of its table; anything else is refused
 * @throws ArgumentError for a column that is not there, with the nearest name; DataFormatError for what is no table
 */
export async function* tableInputs(
  source: TableSource,
  transformation: TableTransformation | Readonly<Record<string, unknown>>,
  options: OptionsOf<typeof rules> = {},
): AsyncGenerator<TableBatch, void, void> {
  checkArgument(operation, 'source', sourceRule, source);
  checkOptions(operation, rules, options);
  const table = tableTransformation(transformation);
  const width = inputsOfRow(table);
  let [known, isFirst] = [-1, true];
  let write: ReturnType<typeof rowEncoder> | undefined;
  for await (const { columns, rows } of readTable(operation, source, options.format)) {
    if (write === undefined || columns.length > known) {
      known = columns.length;
      const places = table.columns.map(({ name }) => columns.indexOf(name));
      // Of JSON lines a field may come later.
      if (isFirst) requireColumns(table, places, columns);
      write = rowEncoder(table, places);
      isFirst = false;
    }
    const inputs = new Float32Array(rows.length * width);
    for (const [k, row] of rows.entries()) write(row, inputs, k * width);
    if (rows.length > 0) yield { count: rows.length, inputs, columns, rows };
  }
}

function requireColumns(
  { columns: wanted }: TableTransformation,
  places: readonly number[],
  columns: readonly string[],
): void {
  const at = places.findIndex((place) => place < 0);
  if (at < 0) return;
  const { name } = wanted[at] as { readonly name: string };
  const near = nearestName(name, columns);
  throw new ArgumentError({
    operation,
    expected: `the column ${name}, on which the model was trained`,
    actual: `the columns ${columns.slice(0, 40).join(', ')}`,
    ...(near !== undefined && { remedy: `Should ${near} have that name?` }),
  });
}
