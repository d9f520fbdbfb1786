import {
  ArgumentError,
  checkOptions,
  type OptionsOf,
  option,
  type Random,
  shownValue,
} from '@funhash/hashing';
import { SpecError } from '../errors.ts';
import { type RunRequest, type RunSpec, runSpec } from '../spec/run-spec.ts';

const rangeRules = {
  from: option.required(option.real()),
  to: option.required(option.real()),
  /** Steps of equal size, or of equal factor. Default linear. */
  scale: option.oneOf(['linear', 'log']),
  /** Whether numbers are whole. Default false. */
  whole: option.flag(),
};

/** Numbers between two others. */
export type Range = OptionsOf<typeof rangeRules>;

/** What a field of a run may be: one of a list of JSON values, or a number of a range. */
export type Choice = readonly unknown[] | Range;

/** Fields of a run by their paths, such as `net.weights`, with what they may be. */
export type SearchSpace = Readonly<Record<string, Choice>>;

/** Values of the fields of one trial, by their paths. */
export type Changes = Readonly<Record<string, unknown>>;

const isList = (choice: Choice): choice is readonly unknown[] => Array.isArray(choice);
const path = /^[A-Za-z]\w*(\.[A-Za-z]\w*){0,3}$/;
const mostFields = 32;
const mostValues = 1000;

/** @throws ArgumentError for what is no search space, OptionError for a range with unknown fields */
export function checkSpace(operation: string, space: unknown): asserts space is SearchSpace {
  const refuse = (expected: string, actual: string): never => {
    throw new ArgumentError({ operation, expected, actual });
  };
  if (typeof space !== 'object' || space === null || Array.isArray(space))
    refuse('vary: fields of a run by their paths, with lists or ranges', shownValue(space));
  const entries = Object.entries(space as object);
  if (entries.length < 1 || entries.length > mostFields)
    refuse(`vary: 1 to ${mostFields} fields`, String(entries.length));
  for (const [name, choice] of entries) {
    if (!path.test(name)) refuse('a field of a run by its path, such as net.weights', JSON.stringify(name));
    if (Array.isArray(choice)) {
      if (choice.length < 1 || choice.length > mostValues)
        refuse(`${name}: 1 to ${mostValues} values`, String(choice.length));
      continue;
    }
    checkOptions(`${operation} ${name}`, rangeRules, choice);
    const { from, to, scale } = choice as Range;
    if (!(from < to) || (scale === 'log' && from <= 0))
      refuse(`${name}: from below to${scale === 'log' ? ', both above 0' : ''}`, `${from} and ${to}`);
  }
}

/** @throws ArgumentError for what is no list of fields that go together */
export function checkAmong(operation: string, among: unknown): asserts among is readonly Changes[] {
  const refuse = (expected: string, actual: string): never => {
    throw new ArgumentError({ operation, expected, actual });
  };
  if (!Array.isArray(among))
    return refuse('among: a list of fields of a run by their paths', shownValue(among));
  if (among.length < 1 || among.length > mostValues)
    refuse(`among: 1 to ${mostValues} members`, String(among.length));
  for (const changes of among) {
    if (typeof changes !== 'object' || changes === null || Array.isArray(changes))
      refuse('among: a list of objects', shownValue(changes));
    for (const name of Object.keys(changes as object))
      if (!path.test(name)) refuse('a field of a run by its path, such as net.weights', JSON.stringify(name));
  }
}

/** All trials of a space of lists, the last field fastest. @throws SpecError where one is a range */
export function gridOf(space: SearchSpace): Changes[] {
  return Object.entries(space).reduce<Changes[]>(
    (trials, [name, choice]) => {
      if (!isList(choice))
        throw new SpecError({
          operation: 'sweep',
          expected: `a list of values for ${name}, as a grid needs`,
          actual: 'a range',
          remedy: 'Give a list, or the method random.',
        });
      if (trials.length * choice.length > mostTrials)
        throw new SpecError({ operation: 'sweep', expected: `at most ${mostTrials} trials`, actual: 'more' });
      return trials.flatMap((trial) => choice.map((value) => ({ ...trial, [name]: value })));
    },
    [{}],
  );
}

/** Most trials of a sweep. */
export const mostTrials = 100_000;

/** One trial drawn from a space. */
export function drawFrom(space: SearchSpace, random: Random): Changes {
  return Object.fromEntries(
    Object.entries(space).map(([name, choice]) => [
      name,
      isList(choice) ? choice[random.integer(choice.length)] : drawNumber(choice, random.uniform()),
    ]),
  );
}

function drawNumber({ from, to, scale, whole }: Range, share: number): number {
  const value = scale === 'log' ? from * (to / from) ** share : from + (to - from) * share;
  // Whole numbers with equal shares at both ends; others short, for they name folders and stand in tables.
  if (whole) return Math.min(Math.floor(to), Math.max(Math.ceil(from), Math.round(value)));
  return Number(value.toPrecision(4));
}

/** The run of a trial. @throws as `runSpec` */
export function runOf(base: RunRequest, changes: Changes): RunSpec {
  const spec = JSON.parse(JSON.stringify(base)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(changes)) {
    const parts = name.split('.');
    const last = parts.pop() as string;
    let at = spec;
    for (const part of parts) {
      const inner = Object.hasOwn(at, part) ? at[part] : undefined;
      at[part] = typeof inner === 'object' && inner !== null ? inner : {};
      at = at[part] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return runSpec(spec);
}

/** Changes in a few words. */
export const describeChanges = (changes: Changes): string =>
  Object.entries(changes)
    .map(
      ([name, value]) =>
        `${name.split('.').at(-1)} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    .join(', ');
