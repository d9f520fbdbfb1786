import { ArgumentError } from '@funhash/hashing';

/**
 * Entries as a map.
 *
 * @throws ArgumentError where a name comes twice: in a file, one value would take the place of the other
 */
export function uniquelyNamed<T>(operation: string, entries: Iterable<readonly [string, T]>): Map<string, T> {
  const map = new Map<string, T>();
  for (const [name, value] of entries) {
    if (map.has(name))
      throw new ArgumentError({
        operation,
        expected: 'a name of its own for each parameter and shared space',
        actual: `${name} twice`,
        remedy: 'Rename a shared space or a layer.',
      });
    map.set(name, value);
  }
  return map;
}
