import { contiguousStrides } from '@funhash/tensor';
import { ExportError } from '../export-error.ts';
import { type Levels, levelsOf } from '../values/levels.ts';
import {
  type Attribute,
  type ElementType,
  elementTypes,
  type GraphParts,
  type Initializer,
  type OnnxNode,
  type Value,
} from './parts.ts';

type Data = Float32Array | Uint8Array | Int8Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** A graph of ONNX being written. */
export class Graph {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: Initializer[] = [];
  /** Values that were reshaped, by what that gave. */
  readonly #reshaped = new Map<string, Value>();
  /** Stored values by the names of theirs in the graph, and those names by what was done to others. */
  readonly #stored = new Map<string, Float32Array>();
  readonly #laidOut = new Map<string, Value>();
  /** Nodes of a body that is being written, and all names that are known in it alone. */
  #body: { readonly nodes: OnnxNode[]; readonly names: Set<string> } | undefined;
  #opset = 18;
  #names = 0;

  /** The graph as data. */
  get parts(): GraphParts {
    return { opset: this.#opset, initializers: this.#initializers, nodes: this.#nodes };
  }

  /** A constant. */
  constant(data: Data, shape: readonly number[]): Value {
    const type = typeOf(data);
    const name = `c${this.#names++}`;
    if (sizeOf(shape) !== data.length)
      throw new ExportError({
        operation: 'toOnnx',
        expected: `${sizeOf(shape)} values for ${name} [${shape}]`,
        actual: String(data.length),
      });
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.push({ name, type, shape, bytes });
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

  #codes({ levels, step, least }: Levels, shape: readonly number[]): Value {
    const greatest = levels.reduce((most, level) => Math.max(most, level), least);
    // Half a byte has 16 codes. Where levels are not −8 to 7, the code of level 0 is told.
    const zero = least >= -8 && greatest <= 7 ? 0 : -8 - least;
    const isHalf = greatest - least < 16 && zero >= -8 && zero <= 7;
    const codes = isHalf
      ? this.#halves(
          levels.map((level) => level + zero),
          shape,
        )
      : this.constant(Int8Array.from(levels), shape);
    const scale = [codes, this.constant(Float32Array.of(step), [])];
    const inputs = isHalf && zero !== 0 ? [...scale, this.#halves(Int32Array.of(zero), [])] : scale;
    return this.node('DequantizeLinear', inputs, 'f32', shape);
  }

  /** Whole numbers from −8 to 7, two in a byte, the first one low. */
  #halves(levels: Int32Array, shape: readonly number[]): Value {
    const bytes = new Uint8Array(Math.ceil(levels.length / 2));
    levels.forEach((level, k) => {
      bytes[k >> 1] = (bytes[k >> 1] as number) | ((level & 15) << (4 * (k & 1)));
    });
    this.#opset = 21;
    const name = `c${this.#names++}`;
    this.#initializers.push({ name, type: 'i4', shape, bytes });
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

  /** What a node gives. In a body, a node stands where what it reads is known: what is the same for all parts is computed once. */
  node(
    op: string,
    inputs: readonly Value[],
    type: ElementType,
    shape: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name: string = `t${this.#names++}`,
  ): Value {
    const read = inputs.map((input) => input.name);
    const body = this.#body;
    const isInside = body && read.some((each) => body.names.has(each));
    if (isInside) body.names.add(name);
    (isInside ? body.nodes : this.#nodes).push({ op, inputs: read, output: name, attributes });
    return { name, type, shape };
  }

  /** What `write` makes of each part of a value along its first axis, one behind the other: one part at a time is in memory. */
  scan(value: Value, write: (part: Value) => Value): Value {
    const [count = 0, ...rest] = value.shape;
    const input: Value = { name: `t${this.#names++}`, type: value.type, shape: rest };
    const body = { nodes: [] as OnnxNode[], names: new Set([input.name]) };
    this.#body = body;
    const made = write(input);
    this.#body = undefined;
    const output = { ...made, name: `t${this.#names++}` };
    body.nodes.push({ op: 'Identity', inputs: [made.name], output: output.name, attributes: {} });
    const name = `t${this.#names++}`;
    this.#nodes.push({
      op: 'Scan',
      inputs: [value.name],
      output: name,
      attributes: { num_scan_inputs: 1 },
      body: { input, output, nodes: body.nodes },
    });
    return { name, type: made.type, shape: [count, ...made.shape] };
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
}

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

function typeOf(data: Data): ElementType {
  if (data instanceof Float32Array) return 'f32';
  if (data instanceof Uint8Array) return 'u8';
  if (data instanceof Int8Array) return 'i8';
  if (data instanceof Int32Array) return 'i32';
  if (data instanceof Uint32Array) return 'u32';
  return data instanceof BigInt64Array ? 'i64' : 'u64';
}
