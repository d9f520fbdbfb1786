import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { sizeOf } from '@funhash/tensor';
import { ExportError } from './export-error.ts';
import { lowered } from './lower.ts';
import type { Network } from './network.ts';
import { networkOf, networkRules } from './network-of.ts';
import { withFreeBatch } from './onnx/free-batch.ts';
import { Graph } from './onnx/graph.ts';
import { type DecodingMemory, Nodes } from './onnx/operations.ts';
import { countOf, fileOf, type GraphParts, type Port, simplified, type Value } from './onnx/parts.ts';
import { withDecoded } from './passes/decode.ts';
import { folded } from './passes/fold.ts';

const rules = {
  ...networkRules,
  /** Inputs of one call, or `any`: the first axis of `x` and `y` is then free, by the name `batch`. Default 1. */
  batch: option.that<number | 'any'>(
    "a whole number ≥ 1, or 'any'",
    (value) => value === 'any' || option.count().accepts(value),
  ),
  /**
   * `decoded` (default): the file has the stored values, and nodes that decode them. `dense`: the file has decoded matrices, for
   * runtimes that lack operations of bits.
   */
  weights: option.oneOf(['decoded', 'dense']),
  /**
   * Places of decoded matrices. `folded` (default): in memory, whole, since runtimes decode them once, when they start. `scan`:
   * nowhere, since blocks of rows are decoded at each run, one at a time, for little memory and large batches.
   */
  memory: option.oneOf(['folded', 'scan']),
} as const;

export type OnnxOptions = OptionsOf<typeof rules>;

/** A network as a model of ONNX. */
export interface ExportedOnnx {
  /** The file: input `x`, output `y`, opset 18; 21 where it has codes of four bits. */
  readonly bytes: Uint8Array;
  /** Numbers of one call; of one input where the batch is free. */
  readonly inputs: number;
  readonly outputs: number;
  /** Nodes of the graph. */
  readonly nodes: number;
}

/**
 * A network as a model of ONNX, opset 18: input `x`, output `y`, both as `forward` has them, channels last. Virtual matrices are decoded
 * by nodes of the graph (hashes by operations of uint32, to the same bits), contractions are contractions; runtimes that fold
 * constants do the decoding when they start. Codes are bytes with a step, or four bits where levels are at most 15 apart. Equal networks give equal files.
 *
 * @throws ArgumentError where the shape of the input is not known; PlanError where the network reads values while it
 * computes; ExportError for what ONNX has no form of here: packed binary networks, f64
 */
export async function toOnnx(model: Model, options: OnnxOptions = {}): Promise<ExportedOnnx> {
  checkOptions('toOnnx', rules, options);
  const { weights = 'decoded', memory = 'folded', batch = 1, ...others } = options;
  if (weights === 'dense' && memory === 'scan')
    throw new ArgumentError({
      operation: 'toOnnx',
      expected: "weights: 'decoded' with memory: 'scan'",
      actual: "weights: 'dense'",
      remedy: 'Leave one of them out: a dense file has nothing to decode.',
    });
  const of = async (count: number): Promise<Written> =>
    writtenOf(await networkOf('toOnnx', networkRules, model, { ...others, batch: count }), weights, memory);
  if (batch !== 'any') return exported(await of(batch), (shape) => shape, 1);
  for (const counts of triples) {
    const made = await Promise.all(counts.map(async (count) => ({ batch: count, ...(await of(count)) })));
    const [one, two] = made as readonly Written[] as readonly [Written, Written];
    const parts = withFreeBatch(made as unknown as Parameters<typeof withFreeBatch>[0], one.x);
    if (!parts) continue;
    // What is an extent for any number of inputs stays; the first one has a name, others that depend on it have another.
    const free = (shape: readonly number[], other: readonly number[]): Port['shape'] =>
      shape.map((extent, axis) =>
        extent === other[axis] ? extent : extent === counts[0] ? 'batch' : `free ${axis}`,
      );
    return exported(
      { ...one, parts },
      (shape) => free(shape, shape === one.x.shape ? two.x.shape : two.y.shape),
      counts[0],
    );
  }
  throw new ExportError({
    operation: 'toOnnx',
    expected: 'a network that does the same to any number of inputs',
    actual: 'other operations for other numbers',
    remedy: 'Say the number: { batch: 1 }.',
  });
}

/** Numbers of inputs that a network is written down for where any is asked: from three it is seen what depends on them. */
const triples = [
  [7, 11, 13],
  [17, 19, 23],
  [29, 31, 37],
] as const;

interface Written {
  readonly parts: GraphParts;
  readonly x: Value;
  readonly y: Value;
}

function writtenOf(given: Network, weights: 'decoded' | 'dense', memory: DecodingMemory): Written {
  const network =
    weights === 'dense'
      ? folded(withDecoded(given, 'all'), 'everything')
      : folded(withDecoded(given, 'smaller'), 'smaller');
  const { input, output, buffers } = network;
  const graph = new Graph();
  const nodes = new Nodes(graph, buffers, memory);
  const x: Value = { name: 'x', type: input.dtype, shape: input.shape };
  nodes.set(input.buffer, x);
  for (const operation of lowered(network)) nodes.write(operation);
  const result = nodes.read(output);
  const y = graph.node('Identity', [result], result.type, result.shape, {}, 'y');
  return { parts: graph.parts, x, y };
}

function exported(
  { parts, x, y }: Written,
  shapeOf: (shape: readonly number[]) => Port['shape'],
  batch: number,
): ExportedOnnx {
  const whole = simplified(parts, y.name);
  return {
    bytes: fileOf(whole, { ...x, shape: shapeOf(x.shape) }, { ...y, shape: shapeOf(y.shape) }),
    inputs: sizeOf(x.shape) / batch,
    outputs: sizeOf(y.shape) / batch,
    nodes: countOf(whole.nodes),
  };
}
