import { quoted } from '@funhash/hashing';

/** Reason why a value out of a file is refused. */
export interface Fault {
  /** What the place in the value should hold, with that place. */
  readonly expected: string;
  readonly actual: string;
}

/** What is wrong with a value, if anything; `path` is its place. */
export type Check = (value: unknown, path: string) => Fault | undefined;

/** Passes the values for which `test` holds. */
export function check(expected: string, test: (value: unknown) => boolean): Check {
  return (value, path) =>
    test(value) ? undefined : { expected: `${expected} at ${path}`, actual: shown(value) };
}

/** Passes lists of at most so many members that `each` passes. */
export function list(most: number, each: Check): Check {
  const isList = check(`a list of at most ${most}`, (value) => Array.isArray(value) && value.length <= most);
  return (value, path) => {
    const fault = isList(value, path);
    if (fault) return fault;
    for (const [k, member] of (value as unknown[]).entries()) {
      const found = each(member, `${path}.${k}`);
      if (found) return found;
    }
    return undefined;
  };
}

const isObject = check(
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** The first fault in these fields of an object; other fields are not looked at. */
export function faultIn(value: unknown, fields: Readonly<Record<string, Check>>): Fault | undefined {
  const fault = isObject(value, 'the top');
  if (fault) return fault;
  for (const [name, of] of Object.entries(fields)) {
    const found = of((value as Record<string, unknown>)[name], name);
    if (found) return found;
  }
  return undefined;
}

/** The first fault in these fields of an object that may have no others. */
export function faultInOnly(value: unknown, fields: Readonly<Record<string, Check>>): Fault | undefined {
  const fault = faultIn(value, fields);
  if (fault) return fault;
  const other = Object.keys(value as object).find((name) => !Object.hasOwn(fields, name));
  return other === undefined
    ? undefined
    : { expected: `only the fields ${Object.keys(fields).join(', ')}`, actual: quoted(other) };
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
