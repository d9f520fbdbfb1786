import { systemRemedies } from '@funhash/hashing/node';
import { FileError } from '../errors.ts';

/** Whether an error is one of the file system. */
export function isFileFault(error: unknown): error is Error & { readonly code: string } {
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
      ...(systemRemedies[code] !== undefined && { remedy: systemRemedies[code] }),
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
