import { contiguousStrides } from '@funhash/tensor';
import { ExportError } from '../export-error.ts';
import { type Levels, levelsOf } from '../values/levels.ts';
import { type Field, message } from './protobuf.ts';

/** Element types of ONNX, by the names that numbers have here. */
export const elementTypes = {
  f32: 1,
  u8: 2,
  i8: 3,
  i32: 6,
  i64: 7,
  bool: 9,
  u32: 12,
  u64: 13,
  i4: 22,
} as const;

export type ElementType = keyof typeof elementTypes;

/** A value of the graph: its name, type and extents. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

type Attribute = number | string | readonly number[];

type Data = Float32Array | Uint8Array | Int8Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** A graph of ONNX being written. A node that is there already is not written twice. */
export class Graph {
  readonly #nodes: {
    readonly inputs: readonly string[];
    readonly output: string;
    readonly bytes: Uint8Array;
  }[] = [];
  readonly #initializers: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  readonly #known = new Map<string, string>();
  /** Values that were reshaped, by what that gave. */
  readonly #reshaped = new Map<string, Value>();
  /** Stored values by the names of theirs in the graph, and those names by what was done to others. */
  readonly #stored = new Map<string, Float32Array>();
  readonly #laidOut = new Map<string, Value>();
  #opset = 18;
  #names = 0;

  /** A constant. */
  constant(data: Data, shape: readonly number[]): Value {
    const type = typeOf(data);
    const key =
      data.length <= 64
        ? `${type} [${shape}] ${Array.from(data as ArrayLike<number>).join()} ${negativeZeros(data)}`
        : undefined;
    const known = key && this.#known.get(key);
    if (known) return { name: known, type, shape };
    const name = `c${this.#names++}`;
    if (key) this.#known.set(key, name);
    this.#initializers.push({ name, bytes: tensorOf(name, type, shape, data) });
    return { name, type, shape };
  }

  /**
   * Stored values: codes of a byte, or of half of one, and their step as f32, where they are multiples of one. What reshapes and transposes them
   * is done to the codes.
   */
  stored(values: Float32Array, shape: readonly number[]): Value {
    const found = values.length >= fewestCodes ? levelsOf(values) : undefined;
    const value = found ? this.#codes(found, shape) : this.constant(values, shape);
    this.#stored.set(value.name, values);
    return value;
  }

  #codes({ levels, step }: Levels, shape: readonly number[]): Value {
    const isHalf = levels.every((level) => level >= -8 && level < 8);
    const codes = isHalf ? this.#halves(levels, shape) : this.constant(Int8Array.from(levels), shape);
    return this.node('DequantizeLinear', [codes, this.constant(Float32Array.of(step), [])], 'f32', shape);
  }

  /** Whole numbers from −8 to 7, two in a byte, the first one low. */
  #halves(levels: Int32Array, shape: readonly number[]): Value {
    const bytes = new Uint8Array(Math.ceil(levels.length / 2));
    levels.forEach((level, k) => {
      bytes[k >> 1] = (bytes[k >> 1] as number) | ((level & 15) << (4 * (k & 1)));
    });
    this.#opset = 21;
    const name = `c${this.#names++}`;
    this.#initializers.push({ name, bytes: tensorMessage(name, 'i4', shape, bytes) });
    return { name, type: 'i4', shape };
  }

  /** Stored values laid out otherwise, once for each way. */
  #relaid(value: Value, shape: readonly number[], how: string, move: (values: Float32Array) => Float32Array) {
    const values = this.#stored.get(value.name);
    if (!values) return undefined;
    const key = `${value.name} ${how}`;
    const made = this.#laidOut.get(key) ?? this.stored(move(values), shape);
    this.#laidOut.set(key, made);
    return made;
  }

  /** A list of whole numbers, as shapes and axes are given. */
  list(numbers: readonly number[]): Value {
    return this.constant(BigInt64Array.from(numbers, BigInt), [numbers.length]);
  }

  /** What a node gives. */
  node(
    op: string,
    inputs: readonly Value[],
    type: ElementType,
    shape: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name?: string,
  ): Value {
    const key = `${op}(${inputs.map((input) => input.name)}) ${JSON.stringify(attributes)}`;
    const known = this.#known.get(key);
    if (known && name === undefined) return { name: known, type, shape };
    const own = name ?? `t${this.#names++}`;
    this.#known.set(key, own);
    const bytes = message(
      ...inputs.map((input): Field => [1, input.name]),
      [2, own],
      [4, op],
      ...Object.entries(attributes).map(([key, value]): Field => [5, attributeOf(key, value)]),
    );
    this.#nodes.push({ inputs: inputs.map((input) => input.name), output: own, bytes });
    return { name: own, type, shape };
  }

  reshape(value: Value, shape: readonly number[]): Value {
    if (value.shape.join() === shape.join()) return value;
    const laidOut = this.#relaid(value, shape, `[${shape}]`, (values) => values);
    if (laidOut) return laidOut;
    const source = this.#reshaped.get(value.name) ?? value;
    if (source.shape.join() === shape.join()) return source;
    const made = this.node('Reshape', [source, this.list(shape)], value.type, shape);
    this.#reshaped.set(made.name, source);
    return made;
  }

  cast(value: Value, type: ElementType): Value {
    return value.type === type
      ? value
      : this.node('Cast', [value], type, value.shape, { to: elementTypes[type] });
  }

  transpose(value: Value, order: readonly number[]): Value {
    if (order.every((axis, k) => axis === k)) return value;
    const shape = order.map((axis) => value.shape[axis] as number);
    const laidOut = this.#relaid(value, shape, `${value.shape} by ${order}`, (values) =>
      transposed(values, value.shape, order),
    );
    if (laidOut) return laidOut;
    return this.node('Transpose', [value], value.type, shape, { perm: order });
  }

  slice(value: Value, starts: readonly number[], ends: readonly number[], steps?: readonly number[]): Value {
    const isWhole = starts.every(
      (start, k) => start === 0 && ends[k] === value.shape[k] && (steps?.[k] ?? 1) === 1,
    );
    if (isWhole) return value;
    const shape = starts.map((start, k) => Math.ceil(((ends[k] as number) - start) / (steps?.[k] ?? 1)));
    // Of 32 bits, which Reshape would not take.
    const list = (numbers: readonly number[]): Value =>
      this.constant(Int32Array.from(numbers), [numbers.length]);
    const stepped = steps ? [list(starts.map((_, k) => k)), list(steps)] : [];
    const inputs = [value, list(starts), list(ends), ...stepped];
    return this.node('Slice', inputs, value.type, shape);
  }

  /** The file, of what its output comes from, and the number of its nodes. */
  model(input: Value, output: Value): { readonly bytes: Uint8Array; readonly nodes: number } {
    const needed = new Set([output.name]);
    const nodes = this.#nodes.toReversed().filter(({ inputs, output: own }) => {
      if (!needed.has(own)) return false;
      for (const name of inputs) needed.add(name);
      return true;
    });
    const graph = message(
      ...nodes.toReversed().map(({ bytes }): Field => [1, bytes]),
      [2, 'funhash'],
      ...this.#initializers.filter(({ name }) => needed.has(name)).map(({ bytes }): Field => [5, bytes]),
      [11, portOf(input)],
      [12, portOf(output)],
    );
    const version = irVersions[this.#opset as keyof typeof irVersions];
    const bytes = message([1, version], [2, 'funhash'], [7, graph], [8, message([1, ''], [2, this.#opset])]);
    return { bytes, nodes: nodes.length };
  }
}

/** Versions of the file by those of its operations: 18 is the first that has operations of bits, 21 that has codes of four. */
const irVersions = { 18: 8, 21: 10 } as const;

// A node more costs what codes of so many values save.
const fewestCodes = 32;

/** Values with their axes in another order. */
function transposed(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = contiguousStrides(shape);
  const extents = order.map((axis) => shape[axis] as number);
  return values.map((_, index) => {
    let [rest, at] = [index, 0];
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const extent = extents[axis] as number;
      at += (rest % extent) * (strides[order[axis] as number] as number);
      rest = Math.floor(rest / extent);
    }
    return values[at] as number;
  });
}

const negativeZeros = (data: Data): string =>
  data instanceof Float32Array ? Array.from(data, (value) => (Object.is(value, -0) ? '-' : '')).join() : '';

function typeOf(data: Data): ElementType {
  if (data instanceof Float32Array) return 'f32';
  if (data instanceof Uint8Array) return 'u8';
  if (data instanceof Int8Array) return 'i8';
  if (data instanceof Int32Array) return 'i32';
  if (data instanceof Uint32Array) return 'u32';
  return data instanceof BigInt64Array ? 'i64' : 'u64';
}

function tensorOf(name: string, type: ElementType, shape: readonly number[], data: Data): Uint8Array {
  if (sizeOf(shape) !== data.length)
    throw new ExportError({
      operation: 'toOnnx',
      expected: `${sizeOf(shape)} values for ${name} [${shape}]`,
      actual: String(data.length),
    });
  return tensorMessage(name, type, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

const tensorMessage = (
  name: string,
  type: ElementType,
  shape: readonly number[],
  bytes: Uint8Array,
): Uint8Array =>
  message(...shape.map((extent): Field => [1, extent]), [2, elementTypes[type]], [8, name], [9, bytes]);

function attributeOf(name: string, value: Attribute): Uint8Array {
  if (typeof value === 'string') return message([1, name], [4, value], [20, 3]);
  if (typeof value === 'number') return message([1, name], [3, value], [20, 2]);
  return message([1, name], ...value.map((each): Field => [8, each]), [20, 7]);
}

function portOf({ name, type, shape }: Value): Uint8Array {
  const dims = message(...shape.map((extent): Field => [1, message([1, extent])]));
  return message([1, name], [2, message([1, message([1, elementTypes[type]], [2, dims])])]);
}
