import { checkOptions, type OptionsOf, option, requireBytes } from '@funhash/hashing';
import { gunzipped } from '@funhash/hashing/streams';
import { fileLengthIn } from '../container/decode-safetensors.ts';
import { ModelFileError } from '../container/model-file-error.ts';
import { byteLimit, mostUnpacked } from './byte-limit.ts';

const rules = {
  /**
   * Longer content is refused before it is inflated. Default 64 MiB and 16 times the compressed bytes, at most 2^30: the
   * values of a network seldom shrink by more.
   */
  maxBytes: byteLimit(),
  /** The name of the file in errors. Default `bytes in memory`. */
  source: option.text(),
  /** Refuse other content than a safetensors file, at its first bytes. Default false. */
  safetensorsOnly: option.flag(),
};

const operation = 'inflateBytes';

/**
 * The content of gzip bytes; bytes that are not gzip come back as they are. Nothing is inflated that cannot be: the length
 * at the end of the bytes must be one that so few can hold, and that which the header of a safetensors file asks for. Of
 * content that is longer than its end says, the rest is not inflated.
 *
 * @throws ModelFileError for content that is too long, damaged or cut, and for anything behind the first member
 */
export async function inflateBytes(
  content: Uint8Array,
  options: OptionsOf<typeof rules> = {},
): Promise<Uint8Array> {
  checkOptions(operation, rules, options);
  const bytes = requireBytes(operation, 'a file', content);
  if (!isGzip(bytes)) return bytes;
  const {
    maxBytes = mostUnpacked(bytes.length),
    source = 'bytes in memory',
    safetensorsOnly = false,
  } = options;
  const refuse = (expected: string, actual: string, remedy: string, cause?: unknown): never => {
    throw new ModelFileError({ operation, source, expected, actual, remedy }, { cause });
  };
  const damaged = (actual: string, cause?: unknown): never =>
    refuse('one whole gzip member', actual, 'Get the file again: it was damaged or cut short.', cause);

  return gunzipped(bytes, {
    maxBytes,
    damaged,
    tooLong: (promised) =>
      refuse(
        `at most ${maxBytes} bytes when inflated`,
        `${promised}`,
        'Raise maxBytes if the file is meant to be this long.',
      ),
    accepts: (first, promised) => {
      const asked = fileLengthIn(first, promised, source);
      if (asked === null && safetensorsOnly)
        refuse('a safetensors file in the gzip file', 'other content', 'Give the file of a model.');
      if (typeof asked === 'number' && asked !== promised)
        damaged(`${promised} bytes, where the header of the content asks for ${asked}`);
      return asked !== undefined;
    },
  });
}

/**
 * Whether bytes are gzip and not safetensors. A safetensors file may begin with the two bytes of gzip, as part of the
 * length of its header, but then has a brace where gzip has flags of which no program sets these.
 */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[8] !== 0x7b;
}
