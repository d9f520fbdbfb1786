import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { ModelFileError } from '../container/model-file-error.ts';
import { byteLimit } from './byte-limit.ts';
import { chunksOf, collect } from './collect.ts';

/** Deflate makes at most 1032 bytes of one: what is inflated at once stays below 9 MB. */
const sliceBytes = 2 ** 13;

const rules = {
  /** Longer content is refused, as soon as it is longer. Default 2^30. */
  maxBytes: byteLimit(),
  /** The name of the file in errors. Default `bytes in memory`. */
  source: option.text(),
};

/**
 * The content of gzip bytes; bytes that are not gzip come back as they are.
 *
 * @throws ModelFileError for content that is too long, damaged or cut, and for anything behind the first member
 */
export async function inflateBytes(
  bytes: Uint8Array,
  options: OptionsOf<typeof rules> = {},
): Promise<Uint8Array> {
  checkOptions('inflateBytes', rules, options);
  if (!isGzip(bytes)) return bytes;
  const { maxBytes = 2 ** 30, source = 'bytes in memory' } = options;
  const operation = 'inflateBytes';
  const inflated = slicesOf(bytes).pipeThrough(new DecompressionStream('gzip'));
  let content: Uint8Array;
  try {
    content = await collect(chunksOf(inflated), {
      sizeHint: 0,
      maxBytes,
      refuse: () => {
        throw new ModelFileError({
          operation,
          source,
          expected: `at most ${maxBytes} bytes when inflated`,
          actual: 'more',
          remedy: 'Raise maxBytes if the file is meant to be this long.',
        });
      },
    });
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
  }
  // Engines differ in whether they inflate members behind the first one. The file ends in the length of the last.
  const length = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  if (length !== content.length >>> 0) throw damaged('bytes behind it');
  return content;

  function damaged(actual: string, cause?: unknown): ModelFileError {
    return new ModelFileError(
      {
        operation,
        source,
        expected: 'one whole gzip member',
        actual,
        remedy: 'Get the file again: it was damaged or cut short.',
      },
      { cause },
    );
  }
}

/**
 * Whether bytes are gzip and not safetensors. A safetensors file may begin with the two bytes of gzip, as part of the
 * length of its header, but then has a brace where gzip has flags of which no program sets these.
 */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[8] !== 0x7b;
}

/** Bytes as a stream of slices. */
export function slicesOf(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(new Uint8Array(bytes.subarray(at, at + sliceBytes)));
      else controller.close();
      at += sliceBytes;
    },
  });
}
