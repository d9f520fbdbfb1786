// ONNX files by hand: protocol buffers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, numbers of fields
// beside their names.

import { leNetShapes, leNetWeights } from '../src/le-net.ts';

const float = 1;

/** A field of bytes: text, a message, or numbers that lie as they are in memory. */
function field(number: number, value: string | number | Uint8Array): Uint8Array {
  if (typeof value === 'number') return bytes(varint(number << 3), varint(value));
  const content = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return bytes(varint((number << 3) | 2), varint(content.length), content);
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...out, rest]);
    out.push((rest % 128) | 128);
  }
}

function bytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** ValueInfoProto: name 1, type 2 → tensor_type 1 → elem_type 1, shape 2 → dim 1 → dim_value 1. */
function valueInfo(name: string, shape: readonly number[]): Uint8Array {
  const dims = bytes(...shape.map((extent) => field(1, field(1, extent))));
  return bytes(field(1, name), field(2, field(1, bytes(field(1, float), field(2, dims)))));
}

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
function constant(name: string, shape: readonly number[], values: Float32Array): Uint8Array {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return bytes(...shape.map((extent) => field(1, extent)), field(2, float), field(8, name), field(9, raw));
}

type Attributes = Readonly<Record<string, number | readonly number[]>>;

/** NodeProto: input 1, output 2, op_type 4, attribute 5. AttributeProto: name 1, i 3, ints 8, type 20 (INT 2, INTS 7). */
function node(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: Attributes = {},
): Uint8Array {
  const parts = Object.entries(attributes).map(([name, value]) =>
    typeof value === 'number'
      ? bytes(field(1, name), field(3, value), field(20, 2))
      : bytes(field(1, name), ...value.map((one) => field(8, one)), field(20, 7)),
  );
  return bytes(
    ...inputs.map((input) => field(1, input)),
    field(2, output),
    field(4, type),
    ...parts.map((part) => field(5, part)),
  );
}

/**
 * ModelProto: ir_version 1, graph 7, opset_import 8 → version 2. GraphProto: node 1, name 2, initializer 5, input 11,
 * output 12.
 */
function model(graph: readonly Uint8Array[]): Uint8Array {
  return bytes(field(1, 8), field(7, bytes(field(2, 'graph'), ...graph)), field(8, field(2, 13)));
}

/**
 * The model c = a [m, k] · b [k, n], with b an input, or a constant where its values are given.
 */
export function matMulModel(m: number, k: number, n: number, b?: Float32Array): Uint8Array {
  return model([
    field(1, node('MatMul', ['a', 'b'], 'c')),
    b ? field(5, constant('b', [k, n], b)) : field(11, valueInfo('b', [k, n])),
    field(11, valueInfo('a', [m, k])),
    field(12, valueInfo('c', [m, n])),
  ]);
}

/** LeNet-5 on x [batch, 1, 28, 28]: logits y. */
export function leNetModel(batch: number): Uint8Array {
  const graph: Uint8Array[] = [];
  let last = 'x';
  const add = (type: string, constants: readonly string[] = [], attributes: Attributes = {}): void => {
    const output = `${type}${graph.length}`;
    graph.push(field(1, node(type, [last, ...constants], output, attributes)));
    last = output;
  };
  const starts = leNetWeights('first');
  leNetShapes.forEach(({ rows, area, channels }, k) => {
    const isKernel = k < 2;
    const shape = isKernel ? [rows, channels, 5, 5] : [rows, area * channels];
    const weighted = [`w${k}`, `b${k}`] as const;
    graph.push(field(5, constant(weighted[0], shape, starts[k] as Float32Array)));
    graph.push(field(5, constant(weighted[1], [rows], new Float32Array(rows))));
    if (k === 2) add('Flatten');
    if (isKernel) add('Conv', weighted, { pads: new Array<number>(4).fill(k === 0 ? 2 : 0) });
    else add('Gemm', weighted, { transB: 1 });
    if (k < leNetShapes.length - 1) add('Relu');
    if (isKernel) add('MaxPool', [], { kernel_shape: [2, 2], strides: [2, 2] });
  });
  return model([
    ...graph,
    field(1, node('Identity', [last], 'y')),
    field(11, valueInfo('x', [batch, 1, 28, 28])),
    field(12, valueInfo('y', [batch, 10])),
  ]);
}
