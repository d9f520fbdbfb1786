import { printable } from '@funhash/hashing';
import { paint } from './paint.ts';
import { padded, widthOf, wrapped } from './wrap.ts';

const gap = '  ';
/** Longer pieces of a text are broken anywhere. */
const longestPiece = 24;
/** Texts become no narrower while there is a column to spare. */
const easyText = 14;
/** Cells of more lines are no table any more. */
const mostLines = 3;

/** Seams at which a cell may go on in its next line: behind what separates, and before a capital within a name. */
const seams = /(?<=[ ,=/:-])|(?<=[a-z])(?=[A-Z])/;

/** A count, a measure, a share, an error with its spread; or nothing. */
const numeric = /^([-−(]?\d[\d .,]*(e[-+]?\d+)?( ± [\d.]+)?( ?(%|s|ms))?\)?|\d[\d.]*\/[\d.]+|[–·]?)$/;

/**
 * A table with a header, its numeric columns right-aligned; a cell keeps its text whole. Where it is wider than a terminal, titles and
 * then texts go on in further lines of their cells; where that is not enough, columns are left out that matter less, and said so;
 * then each row is told in lines of its own. Numbers are never cut or broken.
 *
 * @param columns of the terminal. Undefined: nothing limits the width
 * @param spare titles of columns that may be left out, the first one first
 */
export function tableOf(
  header: readonly string[],
  cells: readonly (readonly string[])[],
  columns: number = Number.POSITIVE_INFINITY,
  spare: readonly string[] = [],
): string {
  for (let count = 0; count <= spare.length; count++) {
    const out = spare.slice(0, count);
    const kept = header.flatMap((title, k) => (out.includes(title) ? [] : [k]));
    const only = (cells: readonly string[]): string[] => kept.map((k) => cells[k] ?? '');
    const isLast = count === spare.length;
    const table = fitted(only(header), cells.map(only), { columns, easy: isLast ? 0 : easyText });
    const note = out.length === 0 ? '' : `\n${paint('dim', `Left out for want of room: ${out.join(', ')}.`)}`;
    if (table !== undefined) return table + note;
  }
  return told(
    header,
    cells.map((row) => row.map(printable)),
    columns,
  );
}

interface Room {
  readonly columns: number;
  /** Columns that a text has at least, where it has so many. */
  readonly easy: number;
}

/** The table in so many columns; undefined where it has no room. */
function fitted(
  header: readonly string[],
  cells: readonly (readonly string[])[],
  { columns, easy }: Room,
): string | undefined {
  const rows = cells.map((row) => header.map((_, k) => printable(row[k] ?? '')));
  const isNumeric = header.map((_, k) => rows.every((row) => numeric.test(row[k] as string)));
  const widest = header.map((_, k) =>
    rows.reduce((width, row) => Math.max(width, widthOf(row[k] as string)), 0),
  );
  const natural = header.map((title, k) => Math.max(widthOf(title), widest[k] as number));
  const whole = drawn({ header, rows, isNumeric, widths: natural });
  if (total(natural) <= columns) return whole;

  const widths = header.map((title, k) => Math.max(longestWord(title), widest[k] as number));
  const excess = (): number => total(widths) - columns;
  const least = header.map((title, k) =>
    rows.reduce(
      (most, row) => Math.max(most, longestPieceOf(row[k] as string)),
      Math.max(longestWord(title), Math.min(easy, widest[k] as number)),
    ),
  );
  const texts = header.flatMap((_, k) => (isNumeric[k] ? [] : [k]));
  while (excess() > 0) {
    const [k] = texts
      .filter((at) => (widths[at] as number) > (least[at] as number))
      .sort((a, b) => (widths[b] as number) - (widths[a] as number));
    if (k === undefined) return undefined;
    widths[k] = (widths[k] as number) - 1;
  }
  const isTall = rows.some((row) =>
    row.some((cell, k) => piecesOf(cell, widths[k] as number, seams).length > mostLines),
  );
  if (isTall) return undefined;
  // Titles have what room is left.
  for (const [k, width] of natural.entries())
    while (isNumeric[k] && (widths[k] as number) < width && excess() < 0)
      widths[k] = (widths[k] as number) + 1;
  return drawn({ header, rows, isNumeric, widths });
}

interface Drawing {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly isNumeric: readonly boolean[];
  readonly widths: readonly number[];
}

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);

const longestPieceOf = (text: string): number =>
  Math.min(
    longestPiece,
    text.split(seams).reduce((most, piece) => Math.max(most, widthOf(piece.trimEnd())), 0),
  );

const longestWord = (text: string): number =>
  text.split(' ').reduce((most, word) => Math.max(most, widthOf(word)), 0);

function drawn({ header, rows, isNumeric, widths }: Drawing): string {
  const linesOf = (cells: readonly string[], breaks: RegExp): string[] => {
    const pieces = cells.map((cell, k) => piecesOf(cell, widths[k] as number, breaks));
    const height = pieces.reduce((most, { length }) => Math.max(most, length), 1);
    return Array.from({ length: height }, (_, at) =>
      pieces
        .map((list, k) => padded(list[at] ?? '', widths[k] as number, isNumeric[k]))
        .join(gap)
        .trimEnd(),
    );
  };
  return [
    ...linesOf(header, / /).map((line) => paint('bold', line)),
    ...rows.flatMap((row) => linesOf(row, seams)),
  ].join('\n');
}

/** A cell in lines of so many columns, broken where the pattern allows it, else anywhere. */
function piecesOf(cell: string, width: number, breaks: RegExp): string[] {
  if (widthOf(cell) <= width) return [cell];
  const joint = breaks.source === ' ' ? ' ' : '';
  const lines = [''];
  for (const word of cell.split(breaks)) {
    const line = lines.at(-1) as string;
    const longer = line === '' ? word : `${line}${joint}${word}`;
    if (widthOf(longer.trimEnd()) <= width) lines[lines.length - 1] = longer;
    else for (const piece of hardPieces(word, width)) lines.push(piece);
  }
  return lines.filter((line) => line !== '').map((line) => line.trimEnd());
}

function hardPieces(word: string, width: number): string[] {
  const pieces = [''];
  for (const character of word) {
    const longer = `${pieces.at(-1)}${character}`;
    if (widthOf(longer.trimEnd()) <= width) pieces[pieces.length - 1] = longer;
    else pieces.push(character);
  }
  return pieces;
}

/** Rows one after the other, a line for each cell that has something to say. */
function told(header: readonly string[], rows: readonly (readonly string[])[], columns: number): string {
  const width = header.reduce((most, title) => Math.max(most, widthOf(title)), 0);
  return rows
    .map((row) => {
      const [first, ...rest] = row.map((cell, k) => [header[k] as string, cell] as const);
      const lines = rest.flatMap(([title, cell]) =>
        cell === '' ? [] : labelled(padded(title, width), cell, columns),
      );
      return [paint('bold', first?.[1] || '·'), ...lines].join('\n');
    })
    .join('\n');
}

/** A title and its text beside it, which goes on under itself; where a word of it is too long for that, under the title. */
function labelled(title: string, text: string, columns: number): string[] {
  const beside = columns - widthOf(title) - 2 * gap.length;
  const lines = Number.isFinite(beside) ? wrapped(text, beside).split('\n') : [text];
  if (lines.some((line) => widthOf(line) > beside))
    return [
      `${gap}${title.trimEnd()}`,
      ...wrapped(text, columns - 2 * gap.length)
        .split('\n')
        .map((line) => gap + gap + line),
    ];
  return lines.map((line, k) => `${gap}${k === 0 ? title : padded('', widthOf(title))}${gap}${line}`);
}
