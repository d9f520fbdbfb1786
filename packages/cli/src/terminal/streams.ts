import { OutputError } from '../errors.ts';

/**
 * Listens to the standard streams. A reader that has enough (`funhash runs | head -1`), and a terminal that was closed,
 * end no work: what is printed from then on is lost, and no more.
 *
 * @returns waits until all is printed; @throws OutputError where results could not be, as on a full disk
 */
export function watchStreams(): () => Promise<void> {
  let failure: Error | undefined;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error;
  });
  process.stderr.on('error', () => {});
  return async () => {
    await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
    if (failure)
      throw new OutputError(
        {
          operation: 'standard output',
          expected: 'a place that takes the results',
          actual: failure.message,
          remedy: 'Make room there, or print to another place.',
        },
        { cause: failure },
      );
  };
}
