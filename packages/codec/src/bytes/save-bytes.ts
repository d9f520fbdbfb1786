import { ArgumentError, requireBytes, shownValue } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { ModelFileError } from '../container/model-file-error.ts';
import type { FileHandleLike, UrlLike, WritableLike } from './web-types.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

/** Target of bytes. A string is a path (Node). */
export type ByteTarget = string | UrlLike | FileHandleLike | WritableLike;

const operation = 'saveBytes';

/**
 * Writes bytes to a path (atomically, see `writeFileAtomic`), a file handle of the browser (which replaces the file
 * when the last byte is in), or a stream, which is closed, or aborted on failure.
 *
 * @throws ArgumentError for what is no target or no bytes; ModelFileError when the target cannot be written
 */
export async function saveBytes(target: ByteTarget, content: Uint8Array): Promise<void> {
  const bytes = requireBytes(operation, 'content', content);
  if (!isTarget(target))
    throw new ArgumentError({
      operation,
      expected: 'a target: a path, a file URL, a file handle or a stream',
      actual: shownValue(target),
    });
  if (typeof target === 'string') return void (await writeFileAtomic(target, bytes));
  if ('href' in target) {
    const { fileURLToPath } = nodeModule('node:url');
    return void (await writeFileAtomic(fileURLToPath(target.href), bytes));
  }
  const name = 'name' in target ? target.name : 'a stream';
  try {
    const stream: WritableLike = 'createWritable' in target ? await target.createWritable() : target;
    const writer = stream.getWriter();
    try {
      await writer.write(bytes);
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error;
    }
  } catch (cause) {
    throw new ModelFileError(
      {
        operation,
        source: name,
        expected: 'a writable target',
        actual: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    );
  }
}

function isTarget(target: unknown): target is ByteTarget {
  if (typeof target === 'string') return target !== '';
  if (typeof target !== 'object' || target === null) return false;
  return 'href' in target || 'createWritable' in target || 'getWriter' in target;
}
