import { ArgumentError, OptionError } from '../errors.ts';
import { printable } from '../printable.ts';
import { nearestName } from './nearest-name.ts';
import type { OptionRule, OptionRules } from './option.ts';

/** What an error says of an unknown name, by that name: `did you mean inputs?`. */
export type Advice = Readonly<Record<string, string>>;

/**
 * Refuses options that a function or class does not have, and values that they do not take. Undefined counts as not
 * given.
 *
 * @param operation names what takes the options, in errors: `Conv2d`
 * @param advice what to say of unknown names that are likely: `{ lr: 'did you mean learningRate?' }`
 * @throws OptionError for an unknown name, with the nearest known one; ArgumentError for a wrong or missing value
 */
export function checkOptions(
  operation: string,
  rules: OptionRules,
  given: unknown,
  advice: Advice = {},
): void {
  if (fits(rules, given)) return;
  const options = requireRecord(operation, Object.keys(rules), given);
  refuseUnknown(operation, Object.keys(rules), options, advice);
  for (const [name, rule] of Object.entries(rules)) {
    const value = options[name];
    if (value === undefined ? rule.isRequired : !rule.accepts(value))
      throw new ArgumentError({
        operation,
        expected: `${name}: ${rule.expected}`,
        actual: value === undefined ? 'none' : shownValue(value),
      });
  }
}

/**
 * Refuses an argument that a rule does not accept, as `checkOptions` does those with names.
 *
 * @throws ArgumentError that names the operation and the argument
 */
export function checkArgument(operation: string, name: string, rule: OptionRule, value: unknown): void {
  if (rule.accepts(value)) return;
  throw new ArgumentError({
    operation,
    expected: `${name}: ${rule.expected}`,
    actual: value === undefined ? 'none' : shownValue(value),
  });
}

// What is right is seen without an allocation: ops check their options at every call. What is wrong is told at leisure.
function fits(rules: OptionRules, given: unknown): boolean {
  if (!isRecord(given)) return false;
  for (const name in rules) {
    const rule = rules[name] as OptionRule;
    const value = given[name];
    if (value === undefined ? rule.isRequired : !rule.accepts(value)) return false;
  }
  for (const name in given) if (!Object.hasOwn(rules, name) && given[name] !== undefined) return false;
  return true;
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null) return false;
  const prototype = Object.getPrototypeOf(given);
  return prototype === Object.prototype || prototype === null;
}

/** Refuses names that are not among `known`: for options whose values are checked elsewhere. */
export function refuseUnknown(
  operation: string,
  known: readonly string[],
  given: unknown,
  advice: Advice = {},
): void {
  const options = requireRecord(operation, known, given);
  for (const name of Object.keys(options)) {
    if (known.includes(name) || options[name] === undefined) continue;
    throw strangerIn(operation, known, name, advice);
  }
}

/**
 * Refuses names that are near to one of `known`, or that `advice` is about. Other names pass: for records that may
 * carry more than is read, such as a data set with its name.
 */
export function refuseMisspelt(
  operation: string,
  known: readonly string[],
  given: Readonly<Record<string, unknown>>,
  advice: Advice = {},
): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name) || given[name] === undefined) continue;
    if (Object.hasOwn(advice, name) || nearestName(name, known) !== undefined)
      throw strangerIn(operation, known, name, advice);
  }
}

function strangerIn(operation: string, known: readonly string[], name: string, advice: Advice): OptionError {
  const told = Object.hasOwn(advice, name) ? advice[name] : undefined;
  return new OptionError({ operation, name, known, nearest: nearestName(name, known), advice: told });
}

function requireRecord(
  operation: string,
  known: readonly string[],
  given: unknown,
): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  // A number, a tensor or a list in place of options has no name that could be refused.
  if (isRecord(given)) return given;
  const example = known.length > 0 ? `{ ${known[0]}: … }` : '{}';
  throw new ArgumentError({
    operation,
    expected: `options as an object, ${example}`,
    actual: shownValue(given),
  });
}

const isLiteral = /^(|true|false|null|undefined|[-+.\d].*)$/;

const longest = 80;

/** A value as a message shows it: printable, short, and on one line. */
export function shownValue(value: unknown): string {
  const text = printable(textOf(value));
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

function textOf(value: unknown): string {
  if (typeof value === 'function')
    return typeof value.name === 'string' && value.name ? `the function ${value.name}` : 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  // A text that reads as a number would look like what was expected.
  if (typeof value === 'string') {
    const start = value.slice(0, longest + 1);
    return isLiteral.test(start) ? JSON.stringify(start) : start;
  }
  if (typeof value !== 'object' || value === null) return String(value);
  if (!Array.isArray(value) && !isRecord(value)) {
    const { name } = Object.getPrototypeOf(value).constructor ?? {};
    return typeof name === 'string' && name !== '' ? `a ${name}` : 'an object';
  }
  try {
    return JSON.stringify(value) ?? 'an object';
  } catch {
    return 'an object';
  }
}
