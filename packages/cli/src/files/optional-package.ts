import { UsageError } from '../errors.ts';

/**
 * Loads a package that only some commands need, so that it need not be installed for the others.
 *
 * @param load imports it: `() => import('@funhash/queue')`
 * @param operation names what needs it, in the error
 * @throws UsageError where it is not installed; whatever else the import throws
 */
export async function optionalPackage<M>(
  name: string,
  operation: string,
  load: () => Promise<M>,
): Promise<M> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new UsageError(
      {
        operation,
        expected: `the npm package ${name}`,
        actual: 'no such package',
        remedy: `Install it beside funhash: npm i ${name}.`,
      },
      { cause },
    );
  }
}
