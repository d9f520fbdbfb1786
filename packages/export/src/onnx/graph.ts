import { ExportError } from '../export-error.ts';
import { type Field, message } from './protobuf.ts';

/** Element types of ONNX, by the names that numbers have here. */
export const elementTypes = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, u32: 12, u64: 13 } as const;

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
  readonly #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  readonly #known = new Map<string, string>();
  #names = 0;

  /** Number of nodes. */
  get nodes(): number {
    return this.#nodes.length;
  }

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
    this.#initializers.push(tensorOf(name, type, shape, data));
    return { name, type, shape };
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
    this.#nodes.push(
      message(
        ...inputs.map((input): Field => [1, input.name]),
        [2, own],
        [4, op],
        ...Object.entries(attributes).map(([key, value]): Field => [5, attributeOf(key, value)]),
      ),
    );
    return { name: own, type, shape };
  }

  reshape(value: Value, shape: readonly number[]): Value {
    if (value.shape.join() === shape.join()) return value;
    return this.node('Reshape', [value, this.list(shape)], value.type, shape);
  }

  cast(value: Value, type: ElementType): Value {
    return value.type === type
      ? value
      : this.node('Cast', [value], type, value.shape, { to: elementTypes[type] });
  }

  transpose(value: Value, order: readonly number[]): Value {
    if (order.every((axis, k) => axis === k)) return value;
    const shape = order.map((axis) => value.shape[axis] as number);
    return this.node('Transpose', [value], value.type, shape, { perm: order });
  }

  slice(value: Value, starts: readonly number[], ends: readonly number[], steps?: readonly number[]): Value {
    const isWhole = starts.every(
      (start, k) => start === 0 && ends[k] === value.shape[k] && (steps?.[k] ?? 1) === 1,
    );
    if (isWhole) return value;
    const shape = starts.map((start, k) => Math.ceil(((ends[k] as number) - start) / (steps?.[k] ?? 1)));
    const axes = this.list(starts.map((_, k) => k));
    const inputs = [value, this.list(starts), this.list(ends), axes, ...(steps ? [this.list(steps)] : [])];
    return this.node('Slice', inputs, value.type, shape);
  }

  /** The file. */
  model(input: Value, output: Value): Uint8Array {
    const graph = message(
      ...this.#nodes.map((node): Field => [1, node]),
      [2, 'funhash'],
      ...this.#initializers.map((tensor): Field => [5, tensor]),
      [11, portOf(input)],
      [12, portOf(output)],
    );
    return message([1, 8], [2, 'funhash'], [7, graph], [8, message([1, ''], [2, opset])]);
  }
}

/** The first version whose operations of bits are there. */
const opset = 18;

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
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(
    ...shape.map((extent): Field => [1, extent]),
    [2, elementTypes[type]],
    [8, name],
    [9, bytes],
  );
}

function attributeOf(name: string, value: Attribute): Uint8Array {
  if (typeof value === 'string') return message([1, name], [4, value], [20, 3]);
  if (typeof value === 'number') return message([1, name], [3, value], [20, 2]);
  return message([1, name], ...value.map((each): Field => [8, each]), [20, 7]);
}

function portOf({ name, type, shape }: Value): Uint8Array {
  const dims = message(...shape.map((extent): Field => [1, message([1, extent])]));
  return message([1, name], [2, message([1, message([1, elementTypes[type]], [2, dims])])]);
}
