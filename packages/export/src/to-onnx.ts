import { type OptionsOf, option } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { sizeOf } from '@funhash/tensor';
import { lowered } from './lower.ts';
import { networkOf, networkRules } from './network-of.ts';
import { Graph } from './onnx/graph.ts';
import { Nodes } from './onnx/operations.ts';
import { withDecoded } from './passes/decode.ts';
import { folded } from './passes/fold.ts';

const rules = {
  ...networkRules,
  /**
   * `decoded` (default): the file has the stored values, and nodes that decode them. `dense`: the file has decoded matrices, for
   * runtimes that lack operations of bits.
   */
  weights: option.oneOf(['decoded', 'dense']),
} as const;

export type OnnxOptions = OptionsOf<typeof rules>;

/** A network as a model of ONNX. */
export interface ExportedOnnx {
  /** The file: input `x`, output `y`, opset 18; 21 where it has codes of four bits. */
  readonly bytes: Uint8Array;
  readonly inputs: number;
  readonly outputs: number;
  /** Nodes of the graph. */
  readonly nodes: number;
}

/**
 * A network as a model of ONNX, opset 18: input `x`, output `y`, both as `forward` has them, channels last. Virtual matrices are decoded
 * by nodes of the graph (hashes by operations of uint32, to the same bits), contractions are contractions; runtimes that fold
 * constants do the decoding when they start. Codes are bytes with a step, or four bits where levels are −8 to 7. Equal networks give equal files.
 *
 * @throws ArgumentError where the shape of the input is not known; PlanError where the network reads values while it
 * computes; ExportError for what ONNX has no form of here: packed binary networks, f64
 */
export async function toOnnx(model: Model, options: OnnxOptions = {}): Promise<ExportedOnnx> {
  const given = await networkOf('toOnnx', rules, model, options);
  const { weights = 'decoded' } = options;
  const network =
    weights === 'dense'
      ? folded(withDecoded(given, 'all'), 'everything')
      : folded(withDecoded(given, 'smaller'), 'smaller');
  const { input, output, buffers } = network;
  const graph = new Graph();
  const nodes = new Nodes(graph, buffers);
  const x = { name: 'x', type: input.dtype, shape: input.shape };
  nodes.set(input.buffer, x);
  for (const operation of lowered(network)) nodes.write(operation);
  const result = nodes.read(output);
  const y = graph.node('Identity', [result], result.type, result.shape, {}, 'y');
  return {
    ...graph.model(x, y),
    inputs: sizeOf(input.shape),
    outputs: sizeOf(output.shape),
  };
}
