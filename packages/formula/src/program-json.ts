import { ArgumentError, shownValue } from '@funhash/hashing';
import { Graph, type NodeOp } from './graph.ts';
import { Program, type Slots } from './program.ts';

/** A number as JSON can hold it: those that it lacks as `NaN`, `Infinity`, `-Infinity` and `-0`. */
export type JsonNumber = number | string;

/** A program as JSON data: nodes by their places in the list, arguments before uses. */
export interface ProgramJson {
  /** Operation, value (0 where it has none) and places of the arguments. */
  readonly nodes: readonly (readonly [op: string, value: JsonNumber, ...args: number[]])[];
  readonly outputs: readonly number[];
  /** Slot, place of the index, place of the value. */
  readonly sinks: readonly (readonly [slot: number, index: number, value: number])[];
  /** Numbers of stored arrays, inputs, uniforms and scalars. */
  readonly slots: readonly [stored: number, inputs: number, uniforms: number, scalars: number];
}

/** Types of the arguments of each operation, w for a word and r for a real. */
export const argumentsOf: Readonly<Record<NodeOp, string>> = {
  row: '',
  col: '',
  word: '',
  uniform: '',
  add: 'ww',
  mul: 'ww',
  xor: 'ww',
  and: 'ww',
  or: 'ww',
  shl: 'w',
  shr: 'w',
  rotl: 'w',
  below: 'ww',
  div: 'ww',
  rem: 'ww',
  group: 'w',
  lane: 'w',
  equal: 'ww',
  less: 'ww',
  real: '',
  scalar: '',
  input: '',
  at: 'w',
  asSign: 'w',
  asReal: 'w',
  plus: 'rr',
  minus: 'rr',
  times: 'rr',
  over: 'rr',
  maximum: 'rr',
  minimum: 'rr',
  negate: 'r',
  tanh: 'r',
  sech: 'r',
  gatedBy: 'rr',
  relu: 'r',
  exp: 'r',
  expm1: 'r',
  log: 'r',
  log1p: 'r',
  sqrt: 'r',
  sin: 'r',
  cos: 'r',
  abs: 'r',
  sign: 'r',
  floor: 'r',
  ifPositive: 'rrr',
  surrogate: 'rr',
  select: 'wrr',
};

/** Limits of a program from outside. */
const most = { nodes: 2 ** 14, slots: 2 ** 12 };

const specials: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

/** A number for JSON. */
export function numberToJson(value: number): JsonNumber {
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : Object.is(value, -0)
      ? '-0'
      : String(value);
}

/** A number out of JSON; undefined for anything else. */
export function numberFromJson(value: unknown): number | undefined {
  if (typeof value === 'string' && Object.hasOwn(specials, value)) return specials[value];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A program as plain data, from which `programFromJson` makes one of the same `key`. */
export function programToJson(program: Program): ProgramJson {
  if (!(program instanceof Program)) throw notA('programToJson', 'a Program', program);
  const { nodes, outputs, sinks, slots } = program;
  const places = new Map(nodes.map(({ id }, place) => [id, place]));
  const place = (id: number): number => places.get(id) as number;
  return {
    nodes: nodes.map(({ op, value, args }) => [op, numberToJson(value), ...args.map(place)]),
    outputs: outputs.map(place),
    sinks: sinks.map(({ slot, index, value }) => [slot, place(index), place(value)]),
    slots: [slots.stored, slots.inputs, slots.uniforms, slots.scalars],
  };
}

/**
 * The program in JSON data from outside: every operation, type, place and slot is checked.
 *
 * @throws ArgumentError that says what is wrong and where
 */
export function programFromJson(json: unknown): Program {
  const { nodes, outputs, sinks, slots } = (isRecord(json) ? json : {}) as Record<string, unknown>;
  const counts = list(slots, 'slots', 4).map((count) => within(count, most.slots + 1, 'a number of slots'));
  const own: Slots = {
    stored: counts[0] as number,
    inputs: counts[1] as number,
    uniforms: counts[2] as number,
    scalars: counts[3] as number,
  };
  const graph = new Graph();
  const placed: number[] = [];
  const at = (value: unknown, type: string, what: string): number => {
    const id = placed[within(value, placed.length, what)] as number;
    if (graph.at(id).type[0] !== type) refuse(`${what} to be a ${type === 'w' ? 'word' : 'real'}`, 'another');
    return id;
  };
  for (const node of list(nodes, 'nodes', undefined, most.nodes)) {
    const [op, value, ...args] = list(node, 'a node', undefined, 5);
    const [wanted, number] = [knownArguments(op), numberFromJson(value)];
    if (number === undefined) refuse('a number for a node', value);
    requireValue(op as NodeOp, number, own);
    if (args.length !== wanted.length) refuse(`${wanted.length} arguments of ${op}`, args.length);
    placed.push(
      graph.node(
        op as NodeOp,
        args.map((arg, k) => at(arg, wanted[k] as string, 'an argument')),
        number,
      ),
    );
  }
  return new Program(
    graph,
    list(outputs, 'outputs', undefined, most.slots).map((output) => at(output, 'r', 'an output')),
    list(sinks, 'sinks', undefined, most.nodes).map((sink) => {
      const [slot, index, value] = list(sink, 'a sink', 3);
      return {
        slot: within(slot, own.stored, 'the slot of a sink'),
        index: at(index, 'w', 'the index of a sink'),
        value: at(value, 'r', 'the value of a sink'),
      };
    }),
    own,
  );
}

function knownArguments(op: unknown): string {
  return typeof op === 'string' && Object.hasOwn(argumentsOf, op)
    ? argumentsOf[op as NodeOp]
    : refuse('a known operation', op);
}

const slotsOf: Partial<Record<NodeOp, keyof Slots>> = {
  uniform: 'uniforms',
  scalar: 'scalars',
  input: 'inputs',
  at: 'stored',
};

/** Bounds of the value of a node: from, and below. */
const bounds: Partial<Record<NodeOp, readonly [from: number, below: number]>> = {
  word: [0, 2 ** 32],
  shl: [0, 32],
  shr: [0, 32],
  rotl: [0, 32],
  group: [1, 2 ** 32],
  lane: [1, 2 ** 32],
};

function requireValue(op: NodeOp, value: number, slots: Slots): void {
  if (op === 'real') return;
  const slot = slotsOf[op];
  const [from, below] = slot ? [0, slots[slot]] : (bounds[op] ?? [0, 1]);
  if (!(Number.isInteger(value) && value >= from && value < below) || Object.is(value, -0))
    refuse(`a value of ${op} from ${from} and below ${below}`, value);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown, what: string, length?: number, longest = length ?? 0): readonly unknown[] {
  return Array.isArray(value) && value.length <= longest && (length ?? value.length) === value.length
    ? value
    : refuse(
        length === undefined ? `a list of ${what}, at most ${longest}` : `${what}, ${length} of them`,
        value,
      );
}

function within(value: unknown, below: number, what: string): number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < below
    ? (value as number)
    : refuse(`${what} below ${below}`, value);
}

function refuse(expected: string, actual: unknown): never {
  throw notA('programFromJson', expected, actual);
}

const notA = (operation: string, expected: string, actual: unknown): ArgumentError =>
  new ArgumentError({ operation, expected, actual: shownValue(actual) });
