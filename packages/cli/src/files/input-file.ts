import { parseJson } from '@funhash/codec';
import { DataFormatError, parseIdx, toFloats } from '@funhash/datasets';
import { PNG } from 'pngjs';
import { UsageError } from '../errors.ts';
import { readBounded } from './read-bounded.ts';

/** Inputs of a net: `values` is [count, width]. */
export interface Inputs {
  readonly count: number;
  readonly values: Float32Array;
}

const maxBytes = 2 ** 28;

/**
 * Images in a PNG, IDX or JSON file, told apart by their first bytes, as numbers from 0 to 1.
 *
 * @param width numbers of one input
 * @throws UsageError or DataFormatError where the file is none of these or does not fit the net
 */
export async function readInputs(path: string, width: number): Promise<Inputs> {
  const bytes = await readBounded(path, { maxBytes });
  if (bytes.length >= 8 && bytes.readUInt32BE(0) === 0x89504e47)
    return { count: 1, values: fromPng(bytes, path, width) };
  const values =
    bytes.length >= 4 && bytes.readUInt16BE(0) === 0 ? fromIdx(bytes, path) : fromJson(bytes, path);
  const count = values.length / width;
  if (!Number.isInteger(count) || count < 1)
    throw refusal(path, `inputs of ${width} numbers`, `${values.length} numbers`);
  return { count, values };
}

function fromPng(bytes: Buffer, path: string, width: number): Float32Array {
  // The header is looked at before anything is unpacked.
  const [columns, rows] = bytes.length >= 24 ? [bytes.readUInt32BE(16), bytes.readUInt32BE(20)] : [0, 0];
  const side = Math.sqrt(width);
  if (columns * rows !== width)
    throw refusal(
      path,
      Number.isInteger(side) ? `an image of ${side} × ${side}` : `an image of ${width} pixels`,
      `${columns} × ${rows}`,
      'Scale the image to the size that the net was trained on.',
    );
  try {
    const { data } = PNG.sync.read(bytes);
    return Float32Array.from({ length: width }, (_, k) => {
      const [r, g, b] = data.subarray(4 * k, 4 * k + 3) as unknown as [number, number, number];
      return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
    });
  } catch (cause) {
    throw new DataFormatError(
      path,
      0,
      { operation: 'predict', expected: 'a whole PNG', actual: `"${(cause as Error).message}"` },
      { cause },
    );
  }
}

function fromIdx(bytes: Buffer, path: string): Float32Array {
  const { dtype, data } = parseIdx(bytes, { source: path });
  return dtype === 'u8' ? toFloats(data) : Float32Array.from(data);
}

function fromJson(bytes: Buffer, path: string): Float32Array {
  const value = parseJson(
    bytes.toString('utf8'),
    { maxDepth: 4, maxValues: 2 ** 24 },
    (position, expected, actual) => {
      throw refusal(path, `a PNG, an IDX file or JSON: ${expected} at character ${position}`, actual);
    },
  );
  const flat = ([value] as unknown[]).flat(4);
  const stranger = flat.find((x) => typeof x !== 'number');
  if (stranger !== undefined) throw refusal(path, 'JSON that holds only numbers', typeof stranger);
  return Float32Array.from(flat as number[]);
}

function refusal(path: string, expected: string, actual: string, remedy?: string): UsageError {
  return new UsageError({ operation: `input ${path}`, expected, actual, ...(remedy && { remedy }) });
}
