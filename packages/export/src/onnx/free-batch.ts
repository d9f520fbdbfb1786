import { ExportError } from '../export-error.ts';
import {
  type ElementType,
  elementTypes,
  type GraphParts,
  type Initializer,
  type OnnxNode,
  type Value,
} from './parts.ts';

/** A graph as it is for so many inputs of one call. */
export interface OfBatch {
  readonly batch: number;
  readonly parts: GraphParts;
}

/**
 * The graph for any number of inputs, from those for three numbers of them: nodes are the same, and what differs among constants is
 * computed from the first extent of the input.
 *
 * @returns undefined where the graphs are of other nodes, as happens where a number of inputs is that of something else, too
 * @throws ExportError where a constant is none of a number of inputs
 */
export function withFreeBatch(
  given: readonly [OfBatch, OfBatch, OfBatch],
  input: Value,
): GraphParts | undefined {
  const [{ parts }, ...others] = given;
  const skeleton = skeletonOf(parts);
  if (others.some((other) => skeletonOf(other.parts) !== skeleton)) return undefined;
  const free = new FreeBatch(given, input);
  const initializers: Initializer[] = [];
  const computed = new Map<string, string>();
  const lists = listsOf(parts.nodes);
  for (const [k, own] of parts.initializers.entries()) {
    const all = given.map(
      (each) => each.parts.initializers[k] as Initializer,
    ) as readonly Initializer[] as Three<Initializer>;
    const made = isSame(all) ? own : free.constant(all, lists.has(own.name));
    if (isInitializer(made)) initializers.push(made);
    else computed.set(own.name, made.name);
  }
  const renamed = (nodes: readonly OnnxNode[]): readonly OnnxNode[] =>
    nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((name) => computed.get(name) ?? name),
      body: node.body && { ...node.body, nodes: renamed(node.body.nodes) },
    }));
  return {
    opset: parts.opset,
    initializers: [...initializers, ...free.initializers],
    nodes: [...free.nodes, ...renamed(parts.nodes)],
  };
}

type Three<T> = readonly [T, T, T];

/** What graphs of several numbers of inputs have in common. */
const skeletonOf = ({ nodes, initializers }: GraphParts): string =>
  JSON.stringify([
    nodes.map(({ body, ...node }) => [node, body?.nodes]),
    initializers.map(({ name, type, shape }) => [name, type, shape.length]),
  ]);

/** Names of constants that are nothing but extents of Reshape, which finds out one of them by itself. */
function listsOf(nodes: readonly OnnxNode[]): ReadonlySet<string> {
  const lists = new Set<string>();
  const others = new Set<string>();
  const walk = (all: readonly OnnxNode[]): void => {
    for (const { op, inputs, body } of all) {
      inputs.forEach((name, k) => {
        (op === 'Reshape' && k === 1 ? lists : others).add(name);
      });
      if (body) walk(body.nodes);
    }
  };
  walk(nodes);
  for (const name of others) lists.delete(name);
  return lists;
}

const isInitializer = (made: Initializer | Value): made is Initializer => 'bytes' in made;

const isSame = ([first, ...rest]: Three<Initializer>): boolean =>
  rest.every(
    ({ shape, bytes }) =>
      shape.join() === first.shape.join() &&
      bytes.length === first.bytes.length &&
      bytes.every((byte, k) => byte === first.bytes[k]),
  );

/** A number that is `each` · the number of inputs + `plus`. */
interface Line {
  readonly each: number;
  readonly plus: number;
}

class FreeBatch {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Initializer[] = [];
  readonly #batches: Three<number>;
  readonly #batch: Value;
  #names = 0;

  constructor(given: Three<OfBatch>, input: Value) {
    this.#batches = given.map(({ batch }) => batch) as unknown as Three<number>;
    this.#batch = this.#node('Shape', [input], 'i64', [1], { start: 0, end: 1 });
  }

  /** What stands for a constant that is another one for each number of inputs. */
  constant(all: Three<Initializer>, isList: boolean): Initializer | Value {
    const [{ name, type, shape }] = all;
    const values = all.map(valuesOf) as unknown as Three<readonly number[]>;
    if (all.every((each) => each.shape.join() === shape.join())) {
      if (type === 'f32') throw unsaid(name);
      const lines = values[0].map((_, k) =>
        this.#line(
          values.map((each) => each[k] as number),
          name,
        ),
      );
      const free = lines.filter(({ each }) => each !== 0);
      if (isList && free.length === 1 && free[0]?.plus === 0)
        return constantOf(
          name,
          type,
          shape,
          lines.map(({ each, plus }) => (each === 0 ? plus : -1)),
        );
      return this.#cast(this.#shaped(this.#lines(lines), shape), type);
    }
    return this.#rows(all, values);
  }

  #line(values: readonly number[], name: string): Line {
    const [a, b, c] = values as unknown as Three<number>;
    const [x, y, z] = this.#batches;
    const each = (b - a) / (y - x);
    const plus = a - each * x;
    if (!Number.isInteger(each) || c !== each * z + plus) throw unsaid(name);
    return { each, plus };
  }

  /** Numbers as they are for the number of inputs, as i64. */
  #lines(lines: readonly Line[]): Value {
    const shape = [lines.length];
    const list = (of: (line: Line) => number): Value => this.#list(lines.map(of));
    const product = this.#node('Mul', [this.#batch, list(({ each }) => each)], 'i64', shape);
    return lines.every(({ plus }) => plus === 0)
      ? product
      : this.#node('Add', [product, list(({ plus }) => plus)], 'i64', shape);
  }

  /**
   * A constant of one row for each input: rows that are the same, or that differ by one step from each to the next, such as places in what
   * lies input by input.
   */
  #rows(all: Three<Initializer>, values: Three<readonly number[]>): Value {
    const [{ name, type, shape }] = all;
    const lines = shape.map((_, axis) =>
      this.#line(
        all.map((each) => each.shape[axis] as number),
        name,
      ),
    );
    const width = values[0].length / this.#batches[0];
    const isRows = values.every((each, k) => each.length === width * (this.#batches[k] as number));
    if (!isRows || !Number.isInteger(width)) throw unsaid(name);
    const step = (values[0][width] as number) - (values[0][0] as number);
    const first = values[0].slice(0, width);
    const fits = values.every((each) =>
      each.every((value, k) => value === (first[k % width] as number) + Math.floor(k / width) * step),
    );
    if (!fits || (type === 'f32' && step !== 0)) throw unsaid(name);
    const row = this.#initializer(constantOf(this.#name(), type, [1, width], first));
    const rows =
      step === 0
        ? this.#node(
            'Expand',
            [
              row,
              this.#lines([
                { each: 1, plus: 0 },
                { each: 0, plus: width },
              ]),
            ],
            type,
            [1, width],
          )
        : this.#node('Add', [this.#cast(this.#steps(step), type), row], type, [1, width]);
    return this.#node('Reshape', [rows, this.#lines(lines)], type, shape);
  }

  /** 0, step, 2 · step, …, one for each input, in a column. */
  #steps(step: number): Value {
    const scalar = (value: Value): Value => this.#node('Squeeze', [value], 'i64', []);
    const bounds = [
      scalar(this.#list([0])),
      scalar(this.#lines([{ each: step, plus: 0 }])),
      scalar(this.#list([step])),
    ];
    return this.#node(
      'Reshape',
      [this.#node('Range', bounds, 'i64', [1]), this.#list([-1, 1])],
      'i64',
      [1, 1],
    );
  }

  #shaped(value: Value, shape: readonly number[]): Value {
    return shape.length === 1 ? value : this.#node('Reshape', [value, this.#list(shape)], value.type, shape);
  }

  #cast(value: Value, type: ElementType): Value {
    return value.type === type
      ? value
      : this.#node('Cast', [value], type, value.shape, { to: elementTypes[type] });
  }

  #list(numbers: readonly number[]): Value {
    return this.#initializer(constantOf(this.#name(), 'i64', [numbers.length], numbers));
  }

  #initializer(made: Initializer): Value {
    this.initializers.push(made);
    return made;
  }

  #name(): string {
    return `b${this.#names++}`;
  }

  #node(
    op: string,
    inputs: readonly Value[],
    type: ElementType,
    shape: readonly number[],
    attributes = {},
  ): Value {
    const output = this.#name();
    this.nodes.push({ op, inputs: inputs.map(({ name }) => name), output, attributes });
    return { name: output, type, shape };
  }
}

const arrays = {
  f32: Float32Array,
  u8: Uint8Array,
  i8: Int8Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
} as const;

function arrayOf(type: ElementType, name: string): (typeof arrays)[keyof typeof arrays] {
  if (!(type in arrays)) throw unsaid(name);
  return arrays[type as keyof typeof arrays];
}

function valuesOf({ name, type, bytes }: Initializer): readonly number[] {
  return Array.from(new (arrayOf(type, name))(bytes.slice().buffer) as ArrayLike<number | bigint>, Number);
}

function constantOf(
  name: string,
  type: ElementType,
  shape: readonly number[],
  numbers: readonly number[],
): Initializer {
  const make = arrayOf(type, name);
  const data =
    make === BigInt64Array || make === BigUint64Array
      ? (make as typeof BigInt64Array).from(numbers, BigInt)
      : (make as typeof Float32Array).from(numbers);
  return { name, type, shape, bytes: new Uint8Array(data.buffer) };
}

const unsaid = (name: string): ExportError =>
  new ExportError({
    operation: 'toOnnx',
    expected: 'a network whose numbers are those of each input, one behind the other',
    actual: `a constant (${name}) that depends otherwise on the number of inputs`,
    remedy: 'Say the number: { batch: 1 }.',
  });
