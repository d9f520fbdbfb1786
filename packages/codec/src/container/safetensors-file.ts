import { ArgumentError, shownValue } from '@funhash/hashing';
import { nodeModule, systemRemedies } from '@funhash/hashing/node';
import { headerIn } from './decode-safetensors.ts';
import { ModelFileError } from './model-file-error.ts';
import { arrayOf, type LazyTensor } from './safetensors.ts';

/** A safetensors file on the disk, of which only what is asked for is read. */
export interface SafetensorsFile {
  /** Tensors by name, in the order of their data in the file. */
  readonly tensors: ReadonlyMap<string, LazyTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes of the file. */
  readonly byteLength: number;
  /** Lets go of the file. Tensors cannot be read any more. */
  close(): void;
}

const operation = 'openSafetensors';

/**
 * Opens a safetensors file and reads its header; tensors are read one by one, so that a file of any length takes the memory of its largest
 * tensor. Node only.
 *
 * @throws ArgumentError for what is no path; ModelFileError as `decodeSafetensors`, and where the file cannot be read
 */
export function openSafetensors(path: string): SafetensorsFile {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError({ operation, expected: 'the path of a file', actual: shownValue(path) });
  const { closeSync, fstatSync, openSync, readSync } = nodeModule('node:fs');
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      if (cause instanceof ModelFileError) throw cause;
      throw new ModelFileError(
        {
          operation,
          source: path,
          expected: 'a readable file',
          actual: cause instanceof Error ? cause.message : String(cause),
          remedy: systemRemedies[(cause as NodeJS.ErrnoException)?.code ?? ''] ?? 'Name a safetensors file.',
        },
        { cause },
      );
    }
  };
  const file = attempt(() => openSync(path, 'r'));
  const bytesAt = (position: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const got = attempt(() => readSync(file, bytes, at, Math.min(length - at, 2 ** 30), position + at));
      if (got === 0)
        throw new ModelFileError({
          operation,
          source: path,
          expected: `${position + length} bytes, as when it was opened`,
          actual: `${position + at}`,
          remedy: 'Let no other program write the file meanwhile.',
        });
      at += got;
    }
    return bytes;
  };
  try {
    const byteLength = attempt(() => fstatSync(file).size);
    const { metadata, entries, dataStart } = headerIn(operation, path, byteLength, (length) =>
      bytesAt(0, length),
    );
    const tensors = entries.map(({ name, dtype, shape, begin, end }): [string, LazyTensor] => {
      const read = () => new arrayOf[dtype](bytesAt(dataStart + begin, end - begin).buffer);
      return [name, { dtype, shape, read }];
    });
    return { tensors: new Map(tensors), metadata, byteLength, close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}
