import { ExportError } from '../export-error.ts';
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

export type Attribute = number | string | readonly number[];

/** A node of one output. One with a body runs it for each part of its first input along the first axis. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly body?: OnnxBody | undefined;
}

/** A graph within a graph, of one input and one output; it may read values of the graph around it, too. */
export interface OnnxBody {
  readonly input: Value;
  readonly output: Value;
  readonly nodes: readonly OnnxNode[];
}

export interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A graph as data: its nodes in the order of computing, and what they begin with. */
export interface GraphParts {
  readonly opset: number;
  readonly initializers: readonly Initializer[];
  readonly nodes: readonly OnnxNode[];
}

/** An input or an output, with names in the place of extents that are free. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** Constants of so many bytes at most are compared with one another. */
const comparedBytes = 512;

/** A graph without what its output does not come from, in which nothing is there twice, with short names. */
export function simplified(parts: GraphParts, output: string): GraphParts {
  const same = new Map<string, string>();
  const known = new Map<string, string>();
  const take = (key: string, name: string): boolean => {
    const first = known.get(key);
    if (first === undefined) known.set(key, name);
    else same.set(name, first);
    return first === undefined;
  };
  const initializers = parts.initializers.filter(
    ({ name, type, shape, bytes }) =>
      bytes.length > comparedBytes || take(`${type} [${shape}] ${bytes.join()}`, name),
  );
  const merged = (nodes: readonly OnnxNode[]): readonly OnnxNode[] =>
    nodes.flatMap(({ op, inputs, output: own, attributes, body }) => {
      const node: OnnxNode = {
        op,
        inputs: inputs.map((name) => same.get(name) ?? name),
        output: own,
        attributes,
        body: body && { ...body, nodes: merged(body.nodes) },
      };
      const key = `${op}(${node.inputs}) ${JSON.stringify(attributes)}`;
      return own === output || body || take(key, own) ? [node] : [];
    });
  const nodes = withoutUnused(merged(parts.nodes), output);
  const read = new Set(nodes.flatMap(readsOf));
  return named({ ...parts, nodes, initializers: initializers.filter(({ name }) => read.has(name)) }, output);
}

/** Names of all values that a node reads, those of its body among them. */
const readsOf = ({ inputs, body }: OnnxNode): readonly string[] =>
  body ? [...inputs, ...body.nodes.flatMap(readsOf)] : inputs;

function withoutUnused(nodes: readonly OnnxNode[], output: string): readonly OnnxNode[] {
  const needed = new Set([output]);
  return nodes
    .toReversed()
    .flatMap((node) => {
      if (!needed.has(node.output)) return [];
      const { body } = node;
      const own = body
        ? { ...node, body: { ...body, nodes: withoutUnused(body.nodes, body.output.name) } }
        : node;
      for (const name of readsOf(own)) needed.add(name);
      return [own];
    })
    .toReversed();
}

/** A graph with the shortest names; those of its input and output stay. */
function named({ opset, initializers, nodes }: GraphParts, output: string): GraphParts {
  const names = new Map<string, string>();
  for (const [k, { name }] of initializers.entries()) names.set(name, `c${k}`);
  let count = 0;
  const of = (name: string): string => names.get(name) ?? name;
  const fresh = (name: string): string => {
    if (name !== output) names.set(name, `t${count++}`);
    return of(name);
  };
  const renamed = (node: OnnxNode): OnnxNode => {
    const { body } = node;
    const inner = body && {
      input: { ...body.input, name: fresh(body.input.name) },
      nodes: body.nodes.map(renamed),
    };
    return {
      ...node,
      inputs: node.inputs.map(of),
      body: inner && { ...inner, output: { ...body.output, name: of(body.output.name) } },
      output: fresh(node.output),
    };
  };
  return {
    opset,
    initializers: initializers.map((each) => ({ ...each, name: of(each.name) })),
    nodes: nodes.map(renamed),
  };
}

/** The number of nodes, those of bodies among them. */
export const countOf = (nodes: readonly OnnxNode[]): number =>
  nodes.reduce((count, { body }) => count + 1 + (body ? countOf(body.nodes) : 0), 0);

/** Versions of the file by those of its operations: 18 is the first that has operations of bits, 21 that has codes of four. */
const irVersions: Readonly<Record<number, number>> = { 18: 8, 21: 10 };

/** The bytes of a file. */
export function fileOf({ opset, initializers, nodes }: GraphParts, input: Port, output: Port): Uint8Array {
  const version = irVersions[opset];
  if (version === undefined)
    throw new ExportError({ operation: 'toOnnx', expected: 'opset 18 or 21', actual: String(opset) });
  const graph = message(
    ...nodes.map((node): Field => [1, bytesOf(node)]),
    [2, 'funhash'],
    ...initializers.map((each): Field => [5, tensorOf(each)]),
    [11, portOf(input)],
    [12, portOf(output)],
  );
  return message([1, version], [2, 'funhash'], [7, graph], [8, message([1, ''], [2, opset])]);
}

function bytesOf({ inputs, output, op, attributes, body }: OnnxNode): Uint8Array {
  return message(
    ...inputs.map((input): Field => [1, input]),
    [2, output],
    [4, op],
    ...Object.entries(attributes).map(([key, value]): Field => [5, attributeOf(key, value)]),
    ...(body ? [[5, message([1, 'body'], [6, bodyOf(body)], [20, 5])] satisfies Field] : []),
  );
}

const bodyOf = ({ nodes, input, output }: OnnxBody): Uint8Array =>
  message(
    ...nodes.map((node): Field => [1, bytesOf(node)]),
    [2, 'body'],
    [11, unshapedPort(input)],
    [12, unshapedPort(output)],
  );

const tensorOf = ({ name, type, shape, bytes }: Initializer): Uint8Array =>
  message(...shape.map((extent): Field => [1, extent]), [2, elementTypes[type]], [8, name], [9, bytes]);

function attributeOf(name: string, value: Attribute): Uint8Array {
  if (typeof value === 'string') return message([1, name], [4, value], [20, 3]);
  if (typeof value === 'number') return message([1, name], [3, value], [20, 2]);
  return message([1, name], ...value.map((each): Field => [8, each]), [20, 7]);
}

function portOf({ name, type, shape }: Port): Uint8Array {
  const dims = shape.map((extent): Field => [1, message([typeof extent === 'number' ? 1 : 2, extent])]);
  return message([1, name], [2, message([1, message([1, elementTypes[type]], [2, message(...dims)])])]);
}

const unshapedPort = ({ name, type }: Value): Uint8Array =>
  message([1, name], [2, message([1, message([1, elementTypes[type]])])]);
