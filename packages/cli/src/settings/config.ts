import { open } from 'node:fs/promises';
import { parseJson } from '@funhash/codec';
import { type Filled, filled } from '@funhash/experiments';
import { ArgumentError, type OptionRule, shownValue } from '@funhash/hashing';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { asUsage, requireFile } from '../files/paths.ts';

/** One setting of a command: a field of its JSON configuration, and the flag that overrides it. */
export interface Setting<R extends OptionRule = OptionRule> {
  /** Flag as in help: `--epochs <n>`. */
  readonly flag: string;
  readonly help: string;
  /** What happens without it, in words, where the default of the rule does not say it. */
  readonly standard?: string;
  /** Whether its default depends on the machine: who repeats a command elsewhere must state it. */
  readonly isLocal?: boolean;
  /** What it takes, with its default where it has one. */
  readonly rule: R;
  /** Turns the text of the flag into JSON. Default: the text itself. */
  readonly read?: (text: string) => unknown;
}

export type Settings = Readonly<Record<string, Setting>>;

type RulesOf<T extends Settings> = { readonly [K in keyof T]: T[K]['rule'] };

/** A configuration as checked: settings without a default may be absent. */
export type ConfigOf<T extends Settings> = Filled<RulesOf<T>>;

export const number = (given: string): unknown =>
  given.trim() !== '' && Number.isFinite(Number(given)) ? Number(given) : given;
export const numbers = (given: string): unknown => given.split(',').map(number);

/** Adds the flags of a table of settings to a command. */
export function addFlags(command: Command, settings: Settings): Command {
  for (const { flag, help, rule, standard = shownDefault(rule) } of Object.values(settings))
    command.option(flag, standard === undefined ? help : `${help} (default: ${standard})`);
  return command;
}

/** The default of a rule; undefined where it has none, or where leaving out the flag says it. */
function shownDefault(rule: OptionRule): string | undefined {
  const { default: standard } = rule as { readonly default?: unknown };
  if (standard === undefined || typeof standard === 'boolean') return undefined;
  return Array.isArray(standard) ? standard.join(', ') : String(standard);
}

/** Fields that were given as flags, still to be checked. */
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

/** Fields that were typed as flags, still to be checked: commander gives `--no-x` flags a value of their own. */
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
  const rules = Object.fromEntries(Object.entries(settings).map(([name, { rule }]) => [name, rule]));
  try {
    return filled(origin, rules as RulesOf<T>, fields ?? null);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const [field] = error.details.expected.split(':') as [string];
    const flag = settings[field]?.flag.split(' ')[0];
    throw new UsageError({ ...error.details, ...(flag && { remedy: `See ${flag} in --help.` }) });
  }
}

const maxConfigBytes = 2 ** 20;

/**
 * Reads the fields of a JSON configuration file, not yet checked.
 *
 * @throws UsageError when it is absent, too large or not a JSON object
 */
export async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  const operation = `configuration ${path}`;
  const refuse = (expected: string, actual: string): never => {
    throw new UsageError({ operation, expected, actual });
  };
  await requireFile(operation, path);
  const file = await open(path).catch((error: unknown) => {
    throw asUsage(error, operation, path);
  });
  try {
    const { size } = await file.stat();
    if (size > maxConfigBytes) refuse(`a file of at most ${maxConfigBytes} bytes`, `${size} bytes`);
    const value = parseJson(
      await file.readFile('utf8'),
      { maxDepth: 8, maxValues: 4096 },
      (position, expected, actual) => refuse(`${expected} at character ${position}`, actual),
    );
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      refuse('a JSON object', shownValue(value));
    return { ...(value as Record<string, unknown>) };
  } finally {
    await file.close();
  }
}
