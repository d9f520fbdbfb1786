import { ArgumentError, nearestName, quoted } from '@funhash/hashing';
import type { NumberArray } from './array.ts';
import { ImportError } from './import-error.ts';
import type { ImportOnnxOptions } from './import-options.ts';
import { Node } from './node.ts';
import { decodeTensor } from './onnx/decode-tensor.ts';
import { joinLayerNorms } from './onnx/join-layer-norms.ts';
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxValue } from './onnx/read-onnx.ts';
import type { Known } from './value.ts';

/** What of a file a network is made of. */
export interface Selection {
  readonly weights: ReadonlyMap<string, Known>;
  /** Version of the operators. */
  readonly opset: number;
  /** Nodes that the output is made of, in the order of the file. */
  readonly nodes: readonly OnnxNode[];
  readonly input: OnnxValue;
  readonly output: string;
  /** How often each name is read. */
  readonly reads: ReadonlyMap<string, number>;
}

/** @throws ImportError where the file has no input or output, or needs ops of others; ArgumentError for unknown names */
export function selected(
  { graph, opsets, functions }: OnnxModel & { readonly graph: OnnxGraph },
  options: ImportOnnxOptions,
): Selection {
  const { values = {} } = options;
  const weights = new Map<string, Known>();
  for (const tensor of graph.initializers)
    if (!Object.hasOwn(values, tensor.name))
      weights.set(tensor.name, { known: decodeTensor(tensor), isWeight: true });
  checkNames(graph, options);
  const input =
    graph.inputs.find(
      ({ name }) =>
        (options.input === undefined || name === options.input) &&
        !weights.has(name) &&
        !Object.hasOwn(values, name),
    ) ?? refuse('an input', 'none that is free', 'Give a model that is not constant.');
  const output = options.output ?? graph.outputs[0]?.name ?? refuse('an output', 'none');
  const constants = new Map(
    graph.nodes.filter(({ op }) => op === 'Constant').map((node) => [node.outputs[0], node]),
  );
  const scalar = (name: string): number | undefined => {
    const data = (weights.get(name)?.known ?? numberOf(constants.get(name)))?.data;
    return data?.length === 1 ? data[0] : undefined;
  };
  const isConstant = (name: string): boolean => weights.has(name) || constants.has(name);
  const joined = joinLayerNorms(graph.nodes, scalar, isConstant);
  const nodes = needed(joined, output, (name) => weights.has(name));
  for (const node of nodes)
    if (functions.includes(node.op) || !['', 'ai.onnx'].includes(node.domain))
      new Node(node, 0).refuse(
        'an op of ONNX itself',
        `one of ${node.domain === '' ? 'a function of the file' : quoted(node.domain)}`,
        'Inline functions before (onnx.inliner), or export without ops of other domains.',
      );
  const opset = opsets.get('') ?? opsets.get('ai.onnx') ?? 0;
  if (nodes.length > 0 && !(opset >= 1)) refuse('the version of its operators', 'none');
  const reads = new Map([[output, 1]]);
  for (const { inputs } of nodes) for (const name of inputs) reads.set(name, (reads.get(name) ?? 0) + 1);
  return { weights, opset, nodes, input, output, reads };
}

function refuse(expected: string, actual: string, remedy = 'The file is damaged.'): never {
  throw new ImportError({ operation: 'importOnnx', expected, actual, remedy });
}

/** The value of a Constant node of a single number. */
function numberOf(node: OnnxNode | undefined): NumberArray | undefined {
  const tensor = node?.attributes.get('value')?.t;
  return tensor && tensor.dims.length <= 1 && (tensor.dims[0] ?? 1) === 1 ? decodeTensor(tensor) : undefined;
}

/** Nodes that an output is made of, in the order of the file. */
function needed(nodes: readonly OnnxNode[], output: string, isKnown: (name: string) => boolean): OnnxNode[] {
  const makers = new Map<string, number>();
  nodes.forEach(({ outputs }, place) => {
    for (const name of outputs) if (name !== '' && !makers.has(name)) makers.set(name, place);
  });
  const found = new Set<number>();
  const open = [output];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const place = makers.get(name);
    if (place === undefined || found.has(place) || isKnown(name)) continue;
    found.add(place);
    for (const each of (nodes[place] as OnnxNode).inputs) open.push(each);
  }
  return [...found].sort((a, b) => a - b).map((place) => nodes[place] as OnnxNode);
}

/** @throws ArgumentError for names that the file does not have */
function checkNames(graph: OnnxGraph, { values = {}, shapes = {}, input, output }: ImportOnnxOptions): void {
  const names = graph.inputs.map(({ name }) => name);
  const weights = graph.initializers.map(({ name }) => name);
  const requireName = (name: string, all: readonly string[], what: string): void => {
    if (all.includes(name)) return;
    const nearest = nearestName(name, all);
    throw new ArgumentError({
      operation: 'importOnnx',
      expected: `${what} among ${all.slice(0, 20).map(quoted).join(', ') || 'none'}`,
      actual: quoted(name),
      ...(nearest !== undefined && { remedy: `Did you mean ${quoted(nearest)}?` }),
    });
  };
  for (const name of [...Object.keys(shapes), ...(input === undefined ? [] : [input])])
    requireName(name, names, 'an input');
  for (const name of Object.keys(values)) requireName(name, [...names, ...weights], 'an input');
  if (output !== undefined)
    requireName(
      output,
      graph.outputs.map(({ name }) => name),
      'an output',
    );
}
