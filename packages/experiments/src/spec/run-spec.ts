import { createHash } from 'node:crypto';
import { canonicalJson, parseJson } from '@funhash/codec';
import { type OptionRules, option, printable } from '@funhash/hashing';
import { SpecError } from '../errors.ts';
import { parseScheme, quantizerOf } from '../nets/scheme-text.ts';
import { optimizerOf } from '../training/optimizer.ts';
import { defaultOf, type Filled, filled } from './fields.ts';
import {
  augmentFields,
  dataFields,
  fileNetFields,
  judgeFields,
  netFields,
  optimizerFields,
  runFields,
  storageFields,
  teacherFields,
} from './run-fields.ts';

export type DataSpec = Filled<typeof dataFields>;
export type AugmentSpec = Filled<typeof augmentFields>;
export type NewNetSpec = Filled<typeof netFields>;
export type FileNetSpec = Filled<typeof fileNetFields>;
export type NetSpec = NewNetSpec | FileNetSpec;
/** Steps of training, with the options of the rule by their names. */
export type OptimizerSpec = Filled<typeof optimizerFields> & Readonly<Record<string, unknown>>;
export type StorageSpec = Filled<typeof storageFields>;
export type TeacherSpec = Filled<typeof teacherFields>;
export type JudgeSpec = Filled<typeof judgeFields>;

/** All that decides a run, as plain JSON with every default filled in. */
export interface RunSpec extends Filled<typeof runFields> {
  readonly version: 1;
  /** Null: nothing is trained or judged; the net comes from a file. */
  readonly data: DataSpec | null;
  readonly augment: AugmentSpec;
  readonly net: NetSpec;
  readonly optimizer: OptimizerSpec;
  readonly storage: StorageSpec;
  /** Absent: labels alone are learned. */
  readonly teacher?: TeacherSpec;
  /** Null: the test images are not touched. */
  readonly judge: JudgeSpec | null;
}

type Given<S> = S extends object ? { readonly [K in keyof S]?: Given<S[K]> | undefined } : S;

/** A run as it may be asked for: what is absent has its default. */
export type RunRequest = Given<RunSpec>;

const parts = {
  data: dataFields,
  augment: augmentFields,
  optimizer: optimizerFields,
  storage: storageFields,
  judge: judgeFields,
} as const satisfies Record<string, OptionRules>;

const topRules = {
  version: option.oneOf([1]),
  ...runFields,
  ...Object.fromEntries(
    [...Object.keys(parts), 'net', 'teacher'].map((name) => [name, option.any('an object')]),
  ),
};

/** Ceilings of a spec as JSON. */
const limits = { maxDepth: 8, maxValues: 4096 };

/**
 * Checks what decides a run and fills in the defaults.
 *
 * @param given a request, or JSON that may be anything
 * @throws OptionError for an unknown name, with the nearest known one; ArgumentError for a wrong value; SpecError for
 * parts that do not go together
 */
export function runSpec(given: RunRequest | unknown): RunSpec {
  const { version = 1, ...own } = filled('run', topRules, given);
  const request = (given ?? {}) as Readonly<Record<string, unknown>>;
  const spec = {
    ...(own as Filled<typeof runFields>),
    version,
    data: request.data === null ? null : filled('run.data', dataFields, request.data),
    augment: filled('run.augment', augmentFields, request.augment),
    net: netIn(request.net),
    optimizer: optimizerIn(request.optimizer),
    storage: filled('run.storage', storageFields, request.storage),
    ...(request.teacher !== undefined && { teacher: filled('run.teacher', teacherFields, request.teacher) }),
    judge: request.judge === null ? null : filled('run.judge', judgeFields, request.judge),
  } as RunSpec;
  requireWhole(spec);
  // What JSON cannot hold, or writes as something else (−0 as 0), would give a folder that no other process finds.
  return JSON.parse(canonicalJson(spec, limits), (_, value) => (value === 0 ? 0 : value)) as RunSpec;
}

/** Whether a net begins as a model file. */
export function isFromFile(net: NetSpec): net is FileNetSpec {
  return 'file' in net;
}

function netIn(given: unknown): NetSpec {
  const isFile = typeof given === 'object' && given !== null && 'file' in given;
  const net: NetSpec = isFile ? filled('run.net', fileNetFields, given) : filled('run.net', netFields, given);
  const { weights } = net;
  for (const text of weights === undefined ? [] : [weights].flat()) parseScheme(text);
  if (!isFromFile(net)) {
    quantizerOf(net.quantizer);
    parseScheme(net.embedding);
  }
  return net;
}

function optimizerIn(given: unknown): OptimizerSpec {
  const { rule, learningRate, relativeStep, ...options } = (given ?? {}) as Record<string, unknown>;
  const own = filled('run.optimizer', optimizerFields, { rule, learningRate, relativeStep });
  const spec = { ...options, ...own };
  // The rule refuses what it does not take.
  optimizerOf({ learningRate: 1, ...spec }, 'constant');
  return spec;
}

function requireWhole({ data, epochs, judge, net }: RunSpec): void {
  if (data !== null) return;
  if (!isFromFile(net) || epochs > 0 || judge !== null)
    throw new SpecError({
      operation: 'run',
      expected: 'without data a net from a file, no epochs and no judge',
      actual: `${isFromFile(net) ? 'a file' : `the model ${net.model}`}, ${epochs} epochs, judge ${JSON.stringify(judge)}`,
    });
}

/**
 * The canonical text of a spec: sorted keys, without what equals its default. Stating a default changes no hash, and
 * neither does an option that a later version adds.
 */
export function specText(spec: RunSpec): string {
  const { version, data, net, teacher, judge, ...rest } = spec;
  const sparse: Record<string, unknown> = { version, ...differing(runFields, rest) };
  const add = (name: string, part: Readonly<Record<string, unknown>>): void => {
    if (Object.keys(part).length > 0) sparse[name] = part;
  };
  for (const name of ['augment', 'optimizer', 'storage'] as const)
    add(name, differing(parts[name], rest[name], true));
  add('net', differing(isFromFile(net) ? fileNetFields : netFields, net));
  if (teacher) add('teacher', differing(teacherFields, teacher));
  if (data === null) sparse.data = null;
  else add('data', differing(dataFields, data));
  if (judge === null) sparse.judge = null;
  else add('judge', differing(judgeFields, judge));
  return canonicalJson(sparse, limits);
}

/** Fields of a record that are not as the rules have them by default; with `all` also those that no rule names. */
function differing(rules: OptionRules, values: object, all = false): Record<string, unknown> {
  const entries = Object.entries(values).filter(([name, value]) => {
    if (!(name in rules)) return all;
    const standard = defaultOf(rules, name);
    return standard === undefined || canonicalJson(standard, limits) !== canonicalJson(value, limits);
  });
  return Object.fromEntries(entries);
}

/** Sixteen hexadecimal digits that name a spec: the first half of the SHA-256 of its canonical text. */
export function specHash(spec: RunSpec): string {
  return createHash('sha256').update(specText(spec)).digest('hex').slice(0, 16);
}

/**
 * Reads a spec from JSON text.
 *
 * @param source names the text, in errors
 * @throws SpecError for what is no JSON, else as `runSpec`
 */
export function readSpec(text: string, source: string): RunSpec {
  const value = parseJson(text, limits, (position, expected, actual) => {
    throw new SpecError({ operation: source, expected: `${expected} at character ${position}`, actual });
  });
  return runSpec(value);
}

/** A spec in a few words for lists: `mnist, mlp 1000, funHash:1/64, rate 0.27, seed 0`. */
export function describeSpec({ data, net, optimizer, seed }: RunSpec): string {
  const weights = net.weights === undefined ? [] : [[...new Set([net.weights].flat())].join(' ')];
  const body = isFromFile(net)
    ? net.file
    : [net.model, ...(net.widths ? [net.widths.join('-')] : [])].join(' ');
  const rate = optimizer.learningRate === undefined ? [] : [`rate ${optimizer.learningRate}`];
  // Names come from files, and this is shown in tables, reports and on terminals.
  return printable([...(data ? [data.name] : []), body, ...weights, ...rate, `seed ${seed}`].join(', '));
}
