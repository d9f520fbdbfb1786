import { requireBytes } from '@funhash/hashing';
import { ImportError } from '../import-error.ts';
import { type Budget, type Field, type Fields, Wire } from './wire.ts';

/** A tensor as it lies in a file; `decodeTensor` makes numbers of it. */
export interface OnnxTensor {
  name: string;
  dims: number[];
  /** `TensorProto.DataType`. */
  type: number;
  raw: Uint8Array | undefined;
  /** Values that are listed in place of bytes. */
  listed: number[];
  /** Whether its values lie in another file. */
  isExternal: boolean;
}

/** What a node is told beside its inputs. */
export interface OnnxAttribute {
  name: string;
  f: number;
  i: number;
  s: Uint8Array | undefined;
  t: OnnxTensor | undefined;
  hasGraph: boolean;
  floats: number[];
  ints: number[];
  strings: Uint8Array[];
}

export interface OnnxNode {
  name: string;
  op: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, OnnxAttribute>;
}

/** An input or an output: extents are numbers, names of extents that are free, or undefined where nothing is said. */
export interface OnnxValue {
  name: string;
  type: number;
  shape: (number | string | undefined)[] | undefined;
}

export interface OnnxGraph {
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  inputs: OnnxValue[];
  outputs: OnnxValue[];
}

/** A model as it lies in a file. */
export interface OnnxModel {
  graph: OnnxGraph | undefined;
  /** Version of each set of operators, by domain. */
  opsets: Map<string, number>;
  functions: string[];
  producer: string;
}

/** Ceilings of a file: no network comes near them. */
const onnxLimits = {
  nodes: 100_000,
  messages: 400_000,
  rank: 16,
  attributes: 100,
  links: 10_000,
} as const;

const text =
  <K extends string>(key: K): Field<Record<K, string>> =>
  (message, reader, wireType) => {
    message[key] = reader.text(wireType) as Record<K, string>[K];
  };
const int =
  <K extends string>(key: K): Field<Record<K, number>> =>
  (message, reader, wireType) => {
    message[key] = reader.int(wireType) as Record<K, number>[K];
  };
const ints =
  <K extends string>(key: K): Field<Record<K, number[]>> =>
  (message, reader, wireType) =>
    reader.ints(message[key], wireType);
const texts =
  <K extends string>(key: K): Field<Record<K, string[]>> =>
  (message, reader, wireType) => {
    if (message[key].push(reader.text(wireType)) > onnxLimits.links)
      reader.refuse(`at most ${onnxLimits.links} inputs or outputs of a node`, 'more');
  };

const tensorFields: Fields<OnnxTensor> = {
  1: (tensor, reader, wireType) => {
    reader.ints(tensor.dims, wireType);
    if (tensor.dims.length > onnxLimits.rank)
      reader.refuse(`tensors of at most ${onnxLimits.rank} axes`, 'more');
  },
  2: int('type'),
  4: (tensor, reader, wireType) => reader.f32s(tensor.listed, wireType),
  5: ints('listed'),
  7: ints('listed'),
  8: text('name'),
  9: (tensor, reader, wireType) => {
    tensor.raw = reader.bytes(wireType);
  },
  10: (tensor, reader, wireType) => reader.f64s(tensor.listed, wireType),
  11: ints('listed'),
  13: (tensor, reader, wireType) => {
    reader.bytes(wireType);
    tensor.isExternal = true;
  },
  14: (tensor, reader, wireType) => {
    tensor.isExternal ||= reader.int(wireType) !== 0;
  },
};

const emptyTensor = (): OnnxTensor => ({
  ...{ name: '', dims: [], type: 0, raw: undefined, listed: [], isExternal: false },
});

const attributeFields: Fields<OnnxAttribute> = {
  1: text('name'),
  2: (attribute, reader, wireType) => {
    attribute.f = reader.f32(wireType);
  },
  3: int('i'),
  4: (attribute, reader, wireType) => {
    attribute.s = reader.bytes(wireType);
  },
  5: (attribute, reader, wireType) => {
    attribute.t = reader.message(wireType, tensorFields, emptyTensor());
  },
  6: (attribute, reader, wireType) => {
    // Control flow is refused by the name of its node: its body is passed over.
    reader.bytes(wireType);
    attribute.hasGraph = true;
  },
  7: (attribute, reader, wireType) => reader.f32s(attribute.floats, wireType),
  8: ints('ints'),
  9: (attribute, reader, wireType) => {
    attribute.strings.push(reader.bytes(wireType));
  },
};

const nodeFields: Fields<OnnxNode> = {
  1: texts('inputs'),
  2: texts('outputs'),
  3: text('name'),
  4: text('op'),
  5: (node, reader, wireType) => {
    const attribute = reader.message(wireType, attributeFields, {
      ...{ name: '', f: 0, i: 0, s: undefined, t: undefined, hasGraph: false },
      ...{ floats: [], ints: [], strings: [] },
    });
    node.attributes.set(attribute.name, attribute);
    if (node.attributes.size > onnxLimits.attributes)
      reader.refuse(`at most ${onnxLimits.attributes} attributes of a node`, 'more');
  },
  7: text('domain'),
};

type Extent = { extent: number | string | undefined };
const extentFields: Fields<Extent> = {
  1: (dimension, reader, wireType) => {
    dimension.extent = reader.int(wireType);
  },
  2: (dimension, reader, wireType) => {
    dimension.extent = reader.text(wireType);
  },
};

const shapeFields: Fields<OnnxValue> = {
  1: (value, reader, wireType) => {
    const { extent } = reader.message(wireType, extentFields, { extent: undefined } as Extent);
    value.shape ??= [];
    if (value.shape.push(extent) > onnxLimits.rank)
      reader.refuse(`values of at most ${onnxLimits.rank} axes`, 'more');
  },
};

const tensorTypeFields: Fields<OnnxValue> = {
  1: int('type'),
  2: (value, reader, wireType) => {
    value.shape ??= [];
    reader.message(wireType, shapeFields, value);
  },
};

const typeFields: Fields<OnnxValue> = {
  1: (value, reader, wireType) => void reader.message(wireType, tensorTypeFields, value),
};

const valueFields: Fields<OnnxValue> = {
  1: text('name'),
  2: (value, reader, wireType) => void reader.message(wireType, typeFields, value),
};

const newValue = (): OnnxValue => ({ name: '', type: 0, shape: undefined });

const graphFields: Fields<OnnxGraph> = {
  1: (graph, reader, wireType) => {
    const node = { ...{ name: '', op: '', domain: '', inputs: [], outputs: [] }, attributes: new Map() };
    graph.nodes.push(reader.message(wireType, nodeFields, node as OnnxNode));
    if (graph.nodes.length > onnxLimits.nodes) reader.refuse(`at most ${onnxLimits.nodes} nodes`, 'more');
  },
  5: (graph, reader, wireType) => {
    graph.initializers.push(reader.message(wireType, tensorFields, emptyTensor()));
  },
  11: (graph, reader, wireType) => {
    graph.inputs.push(reader.message(wireType, valueFields, newValue()));
  },
  12: (graph, reader, wireType) => {
    graph.outputs.push(reader.message(wireType, valueFields, newValue()));
  },
  15: (_, reader) => reader.refuse('dense initializers', 'a sparse one'),
};

type Opset = { domain: string; version: number };
const opsetFields: Fields<Opset> = { 1: text('domain'), 2: int('version') };
const functionFields: Fields<{ name: string }> = { 1: text('name') };

const modelFields: Fields<OnnxModel> = {
  2: text('producer'),
  7: (model, reader, wireType) => {
    model.graph ??= { nodes: [], initializers: [], inputs: [], outputs: [] };
    // Counted before they are made: an empty node is two bytes of a file.
    reader.hold(wireType, 1, onnxLimits.nodes, 'nodes');
    reader.message(wireType, graphFields, model.graph);
  },
  8: (model, reader, wireType) => {
    const { domain, version } = reader.message(wireType, opsetFields, { domain: '', version: 0 });
    model.opsets.set(domain, version);
  },
  25: (model, reader, wireType) => {
    model.functions.push(reader.message(wireType, functionFields, { name: '' }).name);
  },
};

function readMessage<T>(bytes: Uint8Array, fields: Fields<T>, message: T): T {
  const given = requireBytes('importOnnx', 'a model', bytes);
  // Numbers of a byte would otherwise take eight times their file.
  const budget: Budget = { messages: onnxLimits.messages, items: 2 ** 20 + given.byteLength / 4 };
  const file = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  return new Wire(file, budget).read(fields, message);
}

/**
 * The parts of an ONNX file that a network is made of. Tensors are views of `bytes`. The file is taken as hostile: memory
 * and work are bounded by its length and by `onnxLimits`.
 *
 * @throws ImportError with the byte offset for anything damaged
 */
export function readOnnx(bytes: Uint8Array): OnnxModel & { readonly graph: OnnxGraph } {
  const model = readMessage<OnnxModel>(bytes, modelFields, {
    ...{ graph: undefined, opsets: new Map(), functions: [], producer: '' },
  });
  const { graph } = model;
  if (!graph)
    throw new ImportError({
      operation: 'importOnnx',
      expected: 'an ONNX model with a graph',
      actual: bytes.length === 0 ? 'an empty file' : 'bytes without one',
      remedy: 'Give the content of an .onnx file.',
    });
  return { ...model, graph };
}

/** One tensor of a `.pb` file, as test data of ONNX holds it. */
export function readOnnxTensor(bytes: Uint8Array): OnnxTensor {
  return readMessage(bytes, tensorFields, emptyTensor());
}
