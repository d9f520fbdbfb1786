// ONNX files by hand: protocol buffers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, numbers of fields
// beside their names.

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

/**
 * The model c = a [m, k] · b [k, n], with b an input, or a constant where its values are given.
 *
 * ModelProto: ir_version 1, graph 7, opset_import 8 → version 2. GraphProto: node 1, name 2, initializer 5, input 11,
 * output 12. NodeProto: input 1, output 2, op_type 4.
 */
export function matMulModel(m: number, k: number, n: number, b?: Float32Array): Uint8Array {
  const node = bytes(field(1, 'a'), field(1, 'b'), field(2, 'c'), field(4, 'MatMul'));
  const graph = bytes(
    field(1, node),
    field(2, 'product'),
    b ? field(5, constant('b', [k, n], b)) : field(11, valueInfo('b', [k, n])),
    field(11, valueInfo('a', [m, k])),
    field(12, valueInfo('c', [m, n])),
  );
  return bytes(field(1, 8), field(7, graph), field(8, field(2, 13)));
}
