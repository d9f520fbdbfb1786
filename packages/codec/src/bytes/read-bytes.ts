import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { chunksOf } from '@funhash/hashing/streams';
import { ModelFileError } from '../container/model-file-error.ts';
import { byteLimit } from './byte-limit.ts';
import { collect } from './collect.ts';
import type { AbortSignalLike, BlobLike, FileHandleLike, ResponseLike, UrlLike } from './web-types.ts';

/** Source of bytes. A string is a path (Node) unless it starts with a scheme such as `https://`. */
export type ByteSource =
  | string
  | UrlLike
  | BlobLike
  | ArrayBuffer
  | ArrayBufferView
  | FileHandleLike
  | ResponseLike;

const operation = 'readBytes';
const rules = {
  /** Longer sources are refused, before reading them where their length is known. Default 2^30. */
  maxBytes: byteLimit(),
  /** Ends a download. */
  signal: option.that<AbortSignalLike>(
    'an AbortSignal',
    (signal) => typeof signal === 'object' && signal !== null && 'aborted' in signal,
  ),
};

/**
 * All bytes of a source. Bytes that are in memory already are not copied.
 *
 * @throws ArgumentError for what is no source; ModelFileError when the source cannot be read, answers with an error, or is too long
 */
export async function readBytes(
  source: ByteSource,
  options: OptionsOf<typeof rules> = {},
): Promise<Uint8Array> {
  checkOptions(operation, rules, options);
  const { maxBytes = 2 ** 30, signal } = options;
  const name = sourceName(source, operation);
  try {
    if (source instanceof ArrayBuffer) return readBuffer(new Uint8Array(source), maxBytes, name);
    if (ArrayBuffer.isView(source)) {
      return readBuffer(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), maxBytes, name);
    }
    if (typeof source === 'object') {
      if ('getFile' in source) return await readBlob(await source.getFile(), maxBytes, name);
      if ('body' in source) return await readResponse(source, maxBytes, name);
      if ('arrayBuffer' in source) return await readBlob(source, maxBytes, name);
    }
    const url = asUrl(source);
    if (url !== undefined && url.protocol !== 'file:') {
      return await readResponse(
        await fetch(url, signal === undefined ? {} : { signal: signal as AbortSignal }),
        maxBytes,
        name,
      );
    }
    return await readPath(url ?? (source as string), maxBytes, name);
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    throw new ModelFileError(
      {
        operation,
        source: name,
        expected: 'a readable source',
        actual: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    );
  }
}

function asUrl(source: string | UrlLike): URL | undefined {
  if (typeof source === 'object') return new URL(source.href);
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(source) ? new URL(source) : undefined;
}

/**
 * What errors call a source: its path or address, else `bytes in memory`.
 *
 * @throws ArgumentError for what is no source
 */
export function sourceName(source: ByteSource, operation: string): string {
  if (typeof source === 'string' && source !== '') return source;
  const parts = ['href', 'getFile', 'body', 'arrayBuffer', 'byteLength'];
  if (typeof source !== 'object' || source === null || !parts.some((part) => part in source))
    throw new ArgumentError({
      operation,
      expected: 'a source: a path, a URL, bytes, a Blob, a Response or a file handle',
      actual: shownValue(source),
    });
  if ('href' in source) return source.href;
  if ('url' in source && source.url !== '') return source.url;
  if ('name' in source && typeof source.name === 'string') return source.name;
  return 'bytes in memory';
}

function refuseLength(length: number | string, maxBytes: number, name: string): never {
  throw new ModelFileError({
    operation,
    source: name,
    expected: `at most ${maxBytes} bytes`,
    actual: `${length}`,
    remedy: 'Raise maxBytes if the source is meant to be this long.',
  });
}

function readBuffer(bytes: Uint8Array, maxBytes: number, name: string): Uint8Array {
  return bytes.length <= maxBytes ? bytes : refuseLength(bytes.length, maxBytes, name);
}

async function readBlob(blob: BlobLike, maxBytes: number, name: string): Promise<Uint8Array> {
  if (blob.size > maxBytes) refuseLength(blob.size, maxBytes, name);
  return new Uint8Array(await blob.arrayBuffer());
}

async function readResponse(response: ResponseLike, maxBytes: number, name: string): Promise<Uint8Array> {
  const body = response.body as ReadableStream<Uint8Array> | null;
  const announced = Number(response.headers.get('content-length') ?? 0);
  try {
    if (!response.ok) {
      throw new ModelFileError({
        operation,
        source: name,
        expected: 'a successful answer',
        actual: `status ${response.status}`,
      });
    }
    if (announced > maxBytes) refuseLength(announced, maxBytes, name);
  } catch (error) {
    await body?.cancel().catch(() => undefined);
    throw error;
  }
  if (body === null) return new Uint8Array();
  return collect(chunksOf(body.getReader()), {
    sizeHint: 0,
    maxBytes,
    refuse: () => refuseLength('more', maxBytes, name),
  });
}

async function readPath(path: string | URL, maxBytes: number, name: string): Promise<Uint8Array> {
  const { open, stat } = nodeModule('node:fs/promises');
  // Looked at before it is opened: opening a pipe waits for its writer.
  const found = await stat(path);
  if (!found.isFile())
    throw new ModelFileError({
      operation,
      source: name,
      expected: 'a file',
      actual: found.isDirectory() ? 'a folder' : 'a pipe or a device',
      remedy: 'Give its bytes, or a Response of its stream.',
    });
  if (found.size > maxBytes) refuseLength(found.size, maxBytes, name);
  const handle = await open(path);
  try {
    return await collect(handle.createReadStream({ highWaterMark: 2 ** 20, autoClose: false }), {
      sizeHint: found.size,
      maxBytes,
      refuse: () => refuseLength('more', maxBytes, name),
    });
  } finally {
    await handle.close();
  }
}
