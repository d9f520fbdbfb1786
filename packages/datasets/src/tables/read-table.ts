import Papa from 'papaparse';
import { DataFormatError } from '../errors.ts';
import { formatIn, nameOf, type TableFormat, type TableSource, textOf } from './table-source.ts';

/** Rows of a table with the names of its columns; a cell that is not there is an empty text. */
export interface TableChunk {
  /** Names of the columns known so far: of JSON lines later rows may bring more. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Most characters of one row: what is longer is a quote that nobody closed, not a row. */
const mostRow = 2 ** 20;
const mostColumns = 4096;
const mostName = 1000;
/** JSON that is not line by line is read whole. */
const mostJson = 2 ** 26;

/**
 * The rows of a table, chunk by chunk, in memory that does not grow with the file.
 *
 * @param format how rows are written. Default: as the name of the file says
 * @throws DataFormatError with the number of the row for what is no such table
 */
export async function* readTable(
  operation: string,
  source: TableSource,
  format?: TableFormat,
): AsyncGenerator<TableChunk, void, void> {
  const chosen = format ?? formatIn(nameOf(source)) ?? 'csv';
  const refuse: Refusal = (row, expected, actual) => {
    const details = { operation, expected, actual: `${actual} in row ${row}` };
    throw new DataFormatError(nameOf(source), 0, details);
  };
  const text = textOf(operation, source);
  if (chosen === 'jsonl') yield* jsonRows(linesOf(text, refuse), refuse);
  else if (chosen === 'json') yield* jsonRows(listIn(text, refuse), refuse);
  else yield* separated(text, chosen, refuse);
}

/** @param row counted from 1, the header of columns aside */
type Refusal = (row: number, expected: string, actual: string) => never;

async function* separated(
  text: AsyncIterable<string>,
  format: 'csv' | 'tsv',
  refuse: Refusal,
): AsyncGenerator<TableChunk, void, void> {
  let parser: Papa.Parser | undefined;
  let columns: readonly string[] | undefined;
  let [rest, done] = ['', 0];
  const parsed = (isLast: boolean): readonly (readonly string[])[] => {
    parser ??= new Papa.Parser({ delimiter: format === 'tsv' ? '\t' : delimiterIn(rest), newline: '\n' });
    const { data, meta } = parser.parse(rest, 0, !isLast) as Papa.ParseResult<string[]>;
    rest = isLast ? '' : rest.slice(meta.cursor);
    if (rest.length > mostRow)
      refuse(
        done + data.length + 1,
        `rows of at most ${mostRow} characters`,
        'a longer one, or a quote that is not closed',
      );
    const rows = data.filter((row) => row.length > 1 || row[0] !== '');
    if (columns === undefined && rows.length > 0) columns = namesIn(rows.shift() as string[], refuse);
    for (const [k, { length }] of rows.entries())
      if (length !== columns?.length)
        refuse(done + k + 1, `${columns?.length} fields, as the header has`, String(length));
    done += rows.length;
    return rows;
  };
  let isFirst = true;
  for await (const piece of withPlainLineEnds(text)) {
    rest += isFirst ? piece.replace(/^\uFEFF/, '') : piece;
    isFirst = false;
    if (parser === undefined && !rest.includes('\n') && rest.length <= mostRow) continue;
    const rows = parsed(false);
    if (columns && rows.length > 0) yield { columns, rows };
  }
  const rows = parsed(true);
  if (columns) yield { columns, rows };
  else refuse(0, 'a header with the names of the columns', 'nothing');
}

/** Line ends of other systems as \n. */
async function* withPlainLineEnds(text: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let held = '';
  for await (const piece of text) {
    const whole = held + piece;
    held = whole.endsWith('\r') ? '\r' : '';
    yield whole.slice(0, whole.length - held.length).replace(/\r\n?/g, '\n');
  }
  if (held !== '') yield '\n';
}

/** The separator that the header has most of. */
function delimiterIn(text: string): string {
  const [header = ''] = text.split('\n', 1);
  const times = (mark: string): number => header.split(mark).length;
  return [',', ';', '\t', '|'].reduce((best, mark) => (times(mark) > times(best) ? mark : best), ',');
}

function namesIn(header: readonly string[], refuse: Refusal): readonly string[] {
  if (header.length > mostColumns) refuse(0, `at most ${mostColumns} columns`, String(header.length));
  const names = header.map((name) => name.trim());
  for (const [k, name] of names.entries()) {
    if (name.length > mostName) refuse(0, `names of at most ${mostName} characters`, `one of ${name.length}`);
    if (names.indexOf(name) !== k)
      refuse(0, 'columns with different names', `two named ${JSON.stringify(name)}`);
  }
  return names;
}

async function* linesOf(
  text: AsyncIterable<string>,
  refuse: Refusal,
): AsyncGenerator<readonly unknown[], void, void> {
  let [rest, row] = ['', 0];
  const read = (line: string): unknown => {
    row++;
    try {
      return JSON.parse(line);
    } catch (error) {
      return refuse(row, 'a JSON object', `"${(error as Error).message}"`);
    }
  };
  const isText = (line: string): boolean => line.trim() !== '';
  for await (const piece of text) {
    rest += piece;
    const lines = rest.split('\n');
    rest = lines.pop() as string;
    if (rest.length > mostRow) refuse(row + 1, `lines of at most ${mostRow} characters`, 'a longer one');
    yield lines.filter(isText).map(read);
  }
  yield [rest].filter(isText).map(read);
}

async function* listIn(
  text: AsyncIterable<string>,
  refuse: Refusal,
): AsyncGenerator<readonly unknown[], void, void> {
  let whole = '';
  for await (const piece of text) {
    whole += piece;
    if (whole.length > mostJson)
      refuse(0, `at most ${mostJson} characters of JSON`, 'more; write a line for each row, as .jsonl');
  }
  let value: unknown;
  try {
    value = JSON.parse(whole);
  } catch (error) {
    refuse(0, 'a list of JSON objects', `"${(error as Error).message}"`);
  }
  if (Array.isArray(value)) yield value;
  else refuse(0, 'a list of JSON objects', 'another value');
}

async function* jsonRows(
  chunks: AsyncIterable<readonly unknown[]>,
  refuse: Refusal,
): AsyncGenerator<TableChunk, void, void> {
  const places = new Map<string, number>();
  let done = 0;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    const rows = chunk.map((value, k) => {
      const row = done + k + 1;
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return refuse(row, 'a JSON object', Array.isArray(value) ? 'a list' : String(value).slice(0, 40));
      const cells: string[] = [];
      for (const [name, cell] of Object.entries(value)) {
        if (!places.has(name)) {
          if (places.size === mostColumns) refuse(row, `at most ${mostColumns} fields`, 'more');
          if (name.length > mostName) refuse(row, `names of at most ${mostName} characters`, 'a longer one');
          places.set(name, places.size);
        }
        if (typeof cell === 'object' && cell !== null)
          refuse(row, `a text, a number, true, false or null as ${JSON.stringify(name)}`, 'a nested value');
        cells[places.get(name) as number] = cell === null ? '' : String(cell);
      }
      return cells;
    });
    done += rows.length;
    const columns = [...places.keys()];
    yield { columns, rows: rows.map((cells) => columns.map((_, k) => cells[k] ?? '')) };
  }
  if (done === 0) refuse(0, 'rows', 'none');
}
