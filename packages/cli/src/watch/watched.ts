import { InterruptedError, UsageError } from '../errors.ts';
import type { Printer } from '../terminal/output.ts';
import { openWatch, type Watch } from './watch-server.ts';

/** The flag of commands that a page may follow. */
export const watchFlag = '--watch [port]';

/** Its line of help. */
export const watchHelp = 'serve a page that follows it, on this machine alone, until it ends';

/**
 * Does work that a page follows, where one is asked for; the page is told how it ended.
 *
 * @param flag what was given for `--watch`: true for a port that is free
 * @param work is given what shows it; undefined where no page is asked for
 */
export async function watched<T>(
  flag: string | true | undefined,
  output: Printer,
  work: (watch: Watch | undefined) => Promise<T>,
): Promise<T> {
  if (flag === undefined) return work(undefined);
  const watch = await openWatch(flag === true ? 0 : portIn(flag));
  output.note(`follow it at ${watch.url}`);
  let ending = 'It is done.';
  try {
    return await work(watch);
  } catch (error) {
    ending = error instanceof InterruptedError ? error.message : `It failed: ${messageOf(error)}`;
    throw error;
  } finally {
    await watch.close(ending);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function portIn(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new UsageError({ operation: '--watch', expected: 'a port from 0 to 65535', actual: text });
}
