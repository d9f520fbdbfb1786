import {
  type JsonNumber,
  numberFromJson,
  numberToJson,
  type ProgramJson,
  programFromJson,
  programToJson,
} from '@funhash/formula';
import { checkOptions, FunhashError, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { bytesPerElement, type DType } from '../dtype.ts';
import { PlanError } from '../errors.ts';
import { checkCalls } from './check-calls.ts';
import type { PlanRefusal } from './check-views.ts';
import {
  type BufferKind,
  isPlanView,
  type Plan,
  type PlanArgument,
  type PlanBuffer,
  type PlanCall,
  type PlanView,
  requirePlan,
  type WordPlace,
} from './plan.ts';

/** An argument of a call as JSON: numbers that JSON lacks are `{ number: 'NaN' }`; what is not given is null. */
export type PlanArgumentJson =
  | number
  | string
  | boolean
  | null
  | readonly PlanArgumentJson[]
  | { readonly [field: string]: PlanArgumentJson };

/** A plan as JSON data. */
export interface PlanJson extends Omit<Plan, 'programs' | 'calls'> {
  readonly programs: readonly ProgramJson[];
  readonly calls: readonly (readonly [kernel: string, part: number, ...args: PlanArgumentJson[]])[];
}

/** A plan as plain data, without contents: `planFromJson` makes an equal one of it. */
export function planToJson(plan: Plan): PlanJson {
  requirePlan('planToJson', plan);
  return {
    ...plan,
    programs: plan.programs.map(programToJson),
    calls: plan.calls.map(({ kernel, part, args }) => [kernel, part, ...given(args).map(argumentToJson)]),
  };
}

// Arguments that are left out at the end are not there at all.
function given(args: readonly PlanArgument[]): readonly PlanArgument[] {
  let count = args.length;
  while (count > 0 && args[count - 1] === undefined) count--;
  return args.slice(0, count);
}

function argumentToJson(argument: PlanArgument): PlanArgumentJson {
  if (typeof argument === 'number') {
    const number: JsonNumber = numberToJson(argument);
    return typeof number === 'string' ? { number } : number;
  }
  if (typeof argument !== 'object' || argument === null) return argument ?? null;
  if (Array.isArray(argument)) return argument.map(argumentToJson);
  return Object.fromEntries(
    Object.entries(argument)
      .filter(([, member]) => member !== undefined)
      .map(([field, member]) => [field, argumentToJson(member as PlanArgument)]),
  );
}

/** Limits of a plan from outside. */
const most = {
  buffers: 2 ** 18,
  programs: 2 ** 12,
  calls: 2 ** 18,
  members: 2 ** 16,
  depth: 6,
  words: 2 ** 16,
  parts: 16,
};

const kinds: readonly BufferKind[] = ['input', 'state', 'constant', 'temporary', 'kept'];

const limitRules = {
  /** Bytes that all buffers may take, each counted by itself. Default 2^31. */
  // 2^40, as a literal: bundlers take an operator among the arguments for an effect, and keep all rules of options for it.
  maxBytes: /* @__PURE__ */ option.integer({ most: 1_099_511_627_776 }),
};

/** Options of `planFromJson`. */
export type PlanLimits = OptionsOf<typeof limitRules>;

/**
 * The plan in JSON data from outside. Nothing in it is believed: buffers and their sizes, programs, views, and for each
 * call what its kernel assumes.
 *
 * @throws PlanError that says what is wrong and where
 */
export function planFromJson(json: unknown, limits: PlanLimits = {}): Plan {
  checkOptions('planFromJson', limitRules, limits);
  return planWith(json, checkCalls, limits);
}

/** A plan in JSON data from outside whose calls are checked as they need be for what runs it. */
export function planWith(
  json: unknown,
  check: (plan: Plan, refuse: PlanRefusal) => void,
  { maxBytes = 2 ** 31 }: PlanLimits = {},
): Plan {
  const { version, buffers, programs, calls, parts, numbers, words, wordPlaces, outputs } = record(
    json,
    'a plan',
  );
  if (version !== 1) refuse('a plan of version 1', version);
  const ownBuffers = list(buffers, 'buffers', most.buffers).map(bufferFrom);
  requireBytes(ownBuffers, maxBytes);
  const plan: Plan = {
    version: 1,
    buffers: ownBuffers,
    programs: list(programs, 'programs', most.programs).map(programFrom),
    calls: list(calls, 'calls', most.calls).map(callFrom),
    parts: whole(parts, 1, most.parts, 'a number of parts'),
    numbers: namedFrom(numbers, 'lists of numbers', (length) => whole(length, 0, most.members, 'a length')),
    words: whole(words, 0, most.words, 'a number of words'),
    wordPlaces: list(wordPlaces, 'places of words', most.words).map(wordPlaceFrom),
    outputs: namedFrom(outputs, 'outputs', (view) => viewFrom(argumentFrom(view, most.depth))),
  };
  requireNames(ownBuffers);
  check(plan, refuse);
  return plan;
}

function bufferFrom(json: unknown): PlanBuffer {
  const { kind, name, dtype, length } = record(json, 'a buffer');
  if (!kinds.includes(kind as BufferKind)) refuse(`a kind of buffer, ${kinds.join(', ')}`, kind);
  if (typeof name !== 'string') refuse('the name of a buffer', name);
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesPerElement, dtype))
    refuse('the dtype of a buffer', dtype);
  return {
    kind: kind as BufferKind,
    name: name as string,
    dtype: dtype as DType,
    length: whole(length, 0, 2 ** 32, 'the length of a buffer'),
  };
}

function requireBytes(buffers: readonly PlanBuffer[], maxBytes: number): void {
  const bytes = buffers.reduce((sum, { dtype, length }) => sum + length * bytesPerElement[dtype], 0);
  if (bytes > maxBytes) refuse(`buffers of at most ${maxBytes} bytes`, bytes);
}

function requireNames(buffers: readonly PlanBuffer[]): void {
  for (const kind of ['input', 'state']) {
    const names = buffers.filter((buffer) => buffer.kind === kind).map(({ name }) => name);
    if (new Set(names).size < names.length || names.includes(''))
      refuse(`${kind}s of names of their own`, names);
  }
}

function programFrom(json: unknown): Plan['programs'][number] {
  try {
    return programFromJson(json);
  } catch (error) {
    if (!(error instanceof FunhashError)) throw error;
    const { expected, actual } = error.details;
    return refuse(expected, actual);
  }
}

function callFrom(json: unknown): PlanCall {
  const [kernel, part, ...args] = list(json, 'a call', 16);
  return {
    kernel: kernel as PlanCall['kernel'],
    args: args.map((arg) => argumentFrom(arg, most.depth)),
    part: whole(part, 0, most.parts, 'the part of a call'),
  };
}

function argumentFrom(json: unknown, depth: number): PlanArgument {
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
  if (typeof json === 'number') return json;
  if (depth === 0) refuse('arguments that are less nested', json);
  if (Array.isArray(json))
    return list(json, 'arguments', most.members).map((member) => argumentFrom(member, depth - 1));
  const fields = Object.entries(record(json, 'an argument'));
  const [first] = fields;
  if (fields.length === 1 && first?.[0] === 'number')
    return numberFromJson(first[1]) ?? refuse('a number', first[1]);
  if (fields.length > 16) refuse('an argument of few fields', fields.length);
  return Object.fromEntries(fields.map(([field, member]) => [field, argumentFrom(member, depth - 1)]));
}

function wordPlaceFrom(json: unknown): WordPlace {
  const { word, call, argument, uniform } = record(json, 'a place of a word');
  return {
    word: whole(word, 0, most.words, 'the number of a word'),
    call: whole(call, 0, most.calls, 'the call of a word'),
    argument: whole(argument, 0, 16, 'the argument of a word'),
    uniform: whole(uniform, 0, most.members, 'the place of a word'),
  };
}

function viewFrom(argument: PlanArgument): PlanView {
  return typeof argument === 'object' && argument !== null && isPlanView(argument)
    ? argument
    : refuse('a view', argument);
}

function namedFrom<T>(json: unknown, what: string, from: (value: unknown) => T): Readonly<Record<string, T>> {
  const entries = Object.entries(record(json, what));
  if (entries.length > most.members) refuse(`at most ${most.members} ${what}`, entries.length);
  return Object.fromEntries(entries.map(([name, value]) => [name, from(value)]));
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : refuse(what, value);
}

function list(value: unknown, what: string, longest: number): readonly unknown[] {
  return Array.isArray(value) && value.length <= longest
    ? value
    : refuse(`a list of ${what}, at most ${longest}`, value);
}

function whole(value: unknown, least: number, largest: number, what: string): number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= largest
    ? (value as number)
    : refuse(`${what} from ${least} to ${largest}`, value);
}

function refuse(expected: string, actual: unknown): never {
  throw new PlanError({ operation: 'planFromJson', expected, actual: shownValue(actual) });
}
