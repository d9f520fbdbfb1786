import { xxHash32 } from '@funhash/hashing';
import { wordsOf } from '../text/words.ts';
import { daysIn, isMissing, numberIn, yearDays } from './cells.ts';
import { type ColumnTransformation, type TableTransformation, widthOf } from './transformation.ts';

/** Writes the inputs of one row into zeros. */
export type RowEncoder = (row: readonly string[], into: Float32Array, offset: number) => void;

/** Inputs that a row becomes. */
export const inputsOfRow = ({ columns }: TableTransformation): number =>
  columns.reduce((sum, column) => sum + widthOf(column), 0);

/**
 * Makes the encoder of rows.
 *
 * @param places of the columns in a row, in the order of the transformation
 */
export function rowEncoder({ columns }: TableTransformation, places: readonly number[]): RowEncoder {
  let offset = 0;
  const parts = columns.map((column, k) => {
    const part = { write: cellEncoder(column), at: offset, place: places[k] as number };
    offset += widthOf(column);
    return part;
  });
  return (row, into, start) => {
    for (const { write, at, place } of parts) write(row[place] ?? '', into, start + at);
  };
}

type CellEncoder = (cell: string, into: Float32Array, at: number) => void;

// A few cells that are far off would have activations to themselves.
const bounded = (value: number): number => Math.max(-10, Math.min(10, value));

function cellEncoder(column: ColumnTransformation): CellEncoder {
  switch (column.kind) {
    case 'number':
      return (cell, into, at) => {
        const value = isMissing(cell) ? undefined : numberIn(cell);
        if (value !== undefined) into[at] = bounded((value - column.mean) / column.std);
        else if (column.missing) into[at + 1] = 1;
      };
    case 'date':
      return (cell, into, at) => {
        const days = isMissing(cell) ? undefined : daysIn(cell);
        if (days === undefined) {
          if (column.missing) into[at + 3] = 1;
          return;
        }
        const angle = (2 * Math.PI * days) / yearDays;
        into[at] = bounded((days - column.mean) / column.std);
        into[at + 1] = Math.sin(angle);
        into[at + 2] = Math.cos(angle);
      };
    case 'category': {
      const numbers = new Map(column.values.map((value, k) => [value, k]));
      return (cell, into, at) => {
        const k = isMissing(cell)
          ? column.missing
            ? column.values.length
            : undefined
          : numbers.get(cell.trim());
        if (k !== undefined) into[at + k] = 1;
      };
    }
    case 'hashed':
      return (cell, into, at) => {
        if (isMissing(cell)) return;
        for (const seed of [0, 1]) addHash(cell.trim(), seed, Math.SQRT1_2, column.buckets, into, at);
      };
    case 'words': {
      const known = new Map(column.words.map(([word, weight], k) => [word, { k, weight }]));
      return (cell, into, at) => {
        for (const word of wordsOf(cell)) {
          const found = known.get(word);
          if (found) into[at + found.k] = (into[at + found.k] as number) + found.weight;
        }
        scaleWords(into, at, column.words.length);
      };
    }
    case 'text':
      return (cell, into, at) => {
        for (const word of wordsOf(cell)) addHash(word, 0, 1, column.buckets, into, at);
        scaleWords(into, at, column.buckets);
      };
  }
}

/** Gives the words of a text one length, however many they are. */
function scaleWords(into: Float32Array, at: number, count: number): void {
  let squares = 0;
  for (let k = 0; k < count; k++) squares += (into[at + k] as number) ** 2;
  // Rows of this length have entries of about the size of standardised numbers.
  const scale = squares === 0 ? 0 : Math.sqrt(count / squares) / 4;
  for (let k = 0; k < count; k++) into[at + k] = (into[at + k] as number) * scale;
}

const encoder = new TextEncoder();

/** Adds ±amount where the hash of a text says (Weinberger et al. 2009, "Feature hashing for large scale multitask learning"). */
function addHash(
  text: string,
  seed: number,
  amount: number,
  buckets: number,
  into: Float32Array,
  at: number,
): void {
  const hash = xxHash32(encoder.encode(text), seed);
  const k = at + Math.floor(((hash >>> 1) / 2 ** 31) * buckets);
  into[k] = (into[k] as number) + (hash & 1 ? amount : -amount);
}
