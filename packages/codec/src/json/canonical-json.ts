import { ArgumentError, quoted } from '@funhash/hashing';
import { compareCodePoints, isWellFormed, type JsonLimits } from './json.ts';

/**
 * A value as JSON text with sorted keys and no spaces, so that equal values give equal text.
 *
 * @throws ArgumentError for whatever JSON would drop or change (`undefined`, NaN, dates, typed arrays, class
 * instances, cycles, lone surrogates) and for what `parseJson` would refuse under the same limits.
 */
export function canonicalJson(value: unknown, limits: JsonLimits): string {
  let values = 0;

  function refuse(path: string, expected: string, actual: string): never {
    throw new ArgumentError({
      operation: 'canonicalJson',
      expected,
      actual: `${actual} at ${path}`,
      remedy: 'Keep numbers, strings, booleans, null, arrays and plain objects only.',
    });
  }

  function write(item: unknown, path: string, depth: number): string {
    if (++values > limits.maxValues) refuse(path, `at most ${limits.maxValues} JSON values`, 'more');
    if (item === null || typeof item === 'boolean') return String(item);
    if (typeof item === 'number') {
      if (!Number.isFinite(item)) refuse(path, 'a finite number', String(item));
      return Object.is(item, -0) ? '-0' : String(item);
    }
    if (typeof item === 'string') {
      if (!isWellFormed(item)) refuse(path, 'a string without lone surrogates', quoted(item));
      return JSON.stringify(item);
    }
    if (typeof item !== 'object') return refuse(path, 'a JSON value', typeof item);
    if (depth >= limits.maxDepth) refuse(path, `at most ${limits.maxDepth} nested levels`, 'a deeper one');
    if (Array.isArray(item)) {
      return `[${Array.from(item, (entry, index) => write(entry, `${path}[${index}]`, depth + 1)).join(',')}]`;
    }
    const prototype = Object.getPrototypeOf(item);
    if (prototype !== null && prototype !== Object.prototype) {
      refuse(path, 'a plain object', `an instance of ${prototype.constructor?.name ?? 'a class'}`);
    }
    const fields = Object.entries(item).sort(([a], [b]) => compareCodePoints(a, b));
    return `{${fields
      .map(([key, entry]) => `${write(key, path, depth + 1)}:${write(entry, `${path}.${key}`, depth + 1)}`)
      .join(',')}}`;
  }

  return write(value, 'the value', 0);
}
