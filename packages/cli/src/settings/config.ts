import { parseJson } from '@funhash/codec';
import type { Command } from 'commander';
import * as v from 'valibot';
import { UsageError } from '../errors.ts';

/** One setting of a command: a field of its JSON configuration, and the flag that overrides it. */
export interface Setting<S extends v.GenericSchema = v.GenericSchema> {
  /** As in help: `--epochs <n>`. */
  readonly flag: string;
  readonly help: string;
  readonly schema: S;
  readonly default?: v.InferOutput<S>;
  /** Flag text to JSON. Default: the text itself. */
  readonly read?: (text: string) => unknown;
}

export type Settings = Readonly<Record<string, Setting>>;

/** A configuration as checked: settings without a default may be absent. */
export type ConfigOf<T extends Settings> = {
  readonly [K in keyof T as T[K] extends { readonly default: unknown } ? K : never]: v.InferOutput<
    T[K]['schema']
  >;
} & {
  readonly [K in keyof T as T[K] extends { readonly default: unknown } ? never : K]?: v.InferOutput<
    T[K]['schema']
  >;
};

export const whole = (least: number, most: number) =>
  v.custom<number>(
    (x) => Number.isInteger(x) && (x as number) >= least && (x as number) <= most,
    `a whole number from ${least} to ${most}`,
  );
export const real = (least: number, most: number) =>
  v.custom<number>(
    (x) => typeof x === 'number' && x >= least && x <= most,
    `a number from ${least} to ${most}`,
  );
export const text = v.custom<string>(
  (x) => typeof x === 'string' && x.length >= 1 && x.length <= 4096,
  'a text of 1 to 4096 characters',
);
export const oneOf = <const T extends string>(choices: readonly T[]) =>
  v.custom<T>((x) => choices.includes(x as T), `one of ${choices.join(', ')}`);
export const flag = v.custom<boolean>((x) => typeof x === 'boolean', 'true or false');
export const listOf = <S extends v.GenericSchema>(item: S) =>
  v.pipe(
    v.array(item),
    v.check((list) => list.length >= 1 && list.length <= 64, 'a list of 1 to 64 items'),
  );

export const number = (given: string): unknown =>
  given.trim() !== '' && Number.isFinite(Number(given)) ? Number(given) : given;
export const numbers = (given: string): unknown => given.split(',').map(number);

/** Adds the flags of a table of settings to a command. */
export function addFlags(command: Command, settings: Settings): Command {
  for (const { flag, help, default: standard } of Object.values(settings)) {
    const shown = Array.isArray(standard) ? standard.join(',') : standard;
    command.option(flag, shown === undefined || shown === true ? help : `${help} (default: ${shown})`);
  }
  return command;
}

/** The fields that were given as flags, still to be checked. */
export function readFlags(
  settings: Settings,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, { read }]) => {
      const value = given[name];
      if (value === undefined) return [];
      return [[name, typeof value === 'string' && read ? read(value) : value]];
    }),
  );
}

/** The fields that were typed as flags, still to be checked: commander gives `--no-x` flags a value of their own. */
export function flagsTyped(command: Command, settings: Settings): Record<string, unknown> {
  const typed = Object.entries(command.opts()).filter(
    ([name]) => command.getOptionValueSource(name) === 'cli',
  );
  return readFlags(settings, Object.fromEntries(typed));
}

/**
 * Checks fields against a table of settings and fills in defaults.
 *
 * @param origin what is checked, for messages: a path, or `the command line`
 * @throws UsageError that names the field, what it takes and what it was given
 */
export function checkConfig<T extends Settings>(settings: T, fields: unknown, origin: string): ConfigOf<T> {
  const entries = Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, v.optional(setting.schema, setting.default)]),
  );
  // Valibot takes an array for an object without fields.
  const given = Array.isArray(fields) ? null : fields;
  const parsed = v.safeParse(v.strictObject(entries), given, { abortEarly: true });
  if (parsed.success) return dropUndefined(parsed.output) as ConfigOf<T>;
  const [issue] = parsed.issues;
  const name = v.getDotPath(issue) ?? '';
  const field = name.split('.')[0] as string;
  const known = Object.hasOwn(settings, field);
  throw new UsageError({
    operation: origin,
    expected: known ? `${name}: ${expectationOf(issue)}` : `fields among ${Object.keys(settings).join(', ')}`,
    actual: known ? shorten(issue.input) : name === '' ? issue.received : `the field ${JSON.stringify(name)}`,
    ...(known && { remedy: `See ${(settings[field] as Setting).flag.split(' ')[0]} in --help.` }),
  });
}

function expectationOf({ type, message, expected }: v.BaseIssue<unknown>): string {
  return type === 'custom' || type === 'check' ? message : (expected ?? message);
}

function shorten(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
}

function dropUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const maxConfigBytes = 2 ** 20;

/**
 * The fields of a JSON configuration file, not yet checked.
 *
 * @throws UsageError when it is absent, too large or not a JSON object
 */
export async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  const { open } = await import('node:fs/promises');
  const refuse = (expected: string, actual: string): never => {
    throw new UsageError({ operation: `configuration ${path}`, expected, actual });
  };
  const file = await open(path).catch((error: Error) => refuse('a readable file', error.message));
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > maxConfigBytes)
      refuse(`a file of at most ${maxConfigBytes} bytes`, stat.isFile() ? `${stat.size} bytes` : 'no file');
    const value = parseJson(
      await file.readFile('utf8'),
      { maxDepth: 8, maxValues: 4096 },
      (position, expected, actual) => refuse(`${expected} at character ${position}`, actual),
    );
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      refuse('a JSON object', shorten(value));
    return { ...(value as Record<string, unknown>) };
  } finally {
    await file.close();
  }
}
