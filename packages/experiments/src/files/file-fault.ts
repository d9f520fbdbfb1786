import { FileError } from '../errors.ts';

/** What to do about an error of the file system. */
const remedies: Readonly<Record<string, string>> = {
  EACCES: 'Change its permissions, or name another.',
  EPERM: 'Change its permissions, or name another.',
  EROFS: 'The disk can only be read: name another place.',
  ENOSPC: 'Make room on the disk: what was written whole before is there still.',
  EDQUOT: 'Make room in your share of the disk: what was written whole before is there still.',
  EFBIG: 'Raise the limit of sizes of files (ulimit -f).',
  ENOENT: 'Name one that is there.',
  EISDIR: 'Name a file: this is a folder.',
  ENOTDIR: 'A file stands where a folder should: name another path.',
  EEXIST: 'A file stands where a folder should: name another path.',
  ENOTEMPTY: 'Name another folder.',
  ENAMETOOLONG: 'Name a shorter path.',
  ELOOP: 'Its links go in a circle: name the file itself.',
  EMFILE: 'Do less at once, or raise the limit of open files (ulimit -n).',
  ENFILE: 'Do less at once, or raise the limit of open files.',
  EIO: 'The disk fails: check it, and name another place.',
};

/** Whether an error is one of the file system. */
export function isFileFault(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return error instanceof Error && typeof code === 'string' && typeof syscall === 'string';
}

/**
 * An error of the file system as a typed one, with the path and what to do; any other error as it is.
 *
 * @param operation what was tried: `write metrics`
 * @param expected what the path should be: `a writable file`
 */
export function fileFault(error: unknown, operation: string, path: string, expected: string): unknown {
  if (!isFileFault(error)) return error;
  const { code } = error;
  // "ENOSPC: no space left on device, write": the call and its operands say no more than the operation.
  const [said] = error.message.split(/, (?=[a-z]+( |$))/) as [string];
  return new FileError(
    {
      operation,
      expected,
      actual: `${said}: ${path}`,
      ...(remedies[code] !== undefined && { remedy: remedies[code] }),
    },
    { cause: error, code },
  );
}

/** Does something to a path. @throws FileError in place of errors of the file system */
export async function atPath<T>(
  path: string,
  operation: string,
  expected: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileFault(error, operation, path, expected);
  }
}
