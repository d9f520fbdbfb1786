import { bytesOf, option } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { unlessAbsent } from '../bounded-file.ts';
import { DataAbsentError, DataFormatError } from '../errors.ts';

/** Blob or File by what is used of it, so that programs compile without `lib: DOM`. */
export interface BlobSource {
  readonly size: number;
  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** A table: a path (Node), a `File` or `Blob`, or the bytes of one. It is read more than once. */
export type TableSource = string | BlobSource | Uint8Array;

export const sourceRule = option.that<TableSource>(
  'a path, a File, a Blob or bytes',
  (value) =>
    (typeof value === 'string' && value !== '') || value instanceof Blob || bytesOf(value) !== undefined,
);

/** How the rows of a file are written. */
export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'json';

export const formats: readonly TableFormat[] = ['csv', 'tsv', 'jsonl', 'json'];

/** What a source is called in errors. */
export function nameOf(source: TableSource): string {
  if (typeof source === 'string') return source;
  return source instanceof Blob && 'name' in source ? String(source.name) : 'the table';
}

/** The format that the name of a file says; undefined where it says none. */
export function formatIn(name: string): TableFormat | undefined {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase();
  return ending === 'ndjson' ? 'jsonl' : formats.find((format) => format === ending);
}

/** The text of a source, piece by piece. @throws DataAbsentError, DataFileError; DataFormatError for what is no UTF-8 */
export async function* textOf(operation: string, source: TableSource): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let offset = 0;
  const decoded = (bytes?: Uint8Array): string => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch (cause) {
      const details = { operation, expected: 'text in UTF-8', actual: 'other bytes' };
      throw new DataFormatError(nameOf(source), offset, details, { cause });
    }
  };
  for await (const bytes of bytesIn(operation, source)) {
    yield decoded(bytes);
    offset += bytes.length;
  }
  yield decoded();
}

const chunkBytes = 2 ** 16;

async function* bytesIn(operation: string, source: TableSource): AsyncGenerator<Uint8Array, void, void> {
  if (typeof source === 'string') return yield* fileBytes(operation, source);
  const bytes = bytesOf(source);
  if (bytes) for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  // Slices rather than a stream: every browser has them, and none reads ahead.
  else
    for (let at = 0, blob = source as BlobSource; at < blob.size; at += chunkBytes)
      yield new Uint8Array(await blob.slice(at, at + chunkBytes).arrayBuffer());
}

async function* fileBytes(operation: string, path: string): AsyncGenerator<Uint8Array, void, void> {
  const { open, stat } = nodeModule('node:fs/promises');
  // Looked at before it is opened: opening a pipe waits for its writer.
  const isFile = (await unlessAbsent(operation, path, stat(path)))?.isFile();
  const file = isFile ? await unlessAbsent(operation, path, open(path)) : undefined;
  if (!file)
    throw new DataAbsentError({
      operation,
      expected: `a file ${path}`,
      actual: isFile === undefined ? 'no such file' : 'a folder or a pipe',
    });
  try {
    const bytes = new Uint8Array(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(bytes, 0, chunkBytes);
      if (bytesRead === 0) return;
      yield bytes.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
