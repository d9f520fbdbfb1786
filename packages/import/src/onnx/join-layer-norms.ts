import type { OnnxAttribute, OnnxNode } from './read-onnx.ts';

/**
 * Nine nodes of older versions as one LayerNormalization: (x − mean) / √(mean of squares + ε) · γ + β along the last axis.
 * Nodes that nothing reads any more are left where they are.
 *
 * @param scalar the number of a constant of one element
 */
export function joinLayerNorms(
  nodes: readonly OnnxNode[],
  scalar: (name: string) => number | undefined,
  isKnown: (name: string) => boolean,
): OnnxNode[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const made = (name: string | undefined, op: string): OnnxNode | undefined => {
    const node = name === undefined ? undefined : makers.get(name);
    return node?.op === op ? node : undefined;
  };
  const isLastMean = (node: OnnxNode | undefined): boolean => {
    const axes = node?.attributes.get('axes')?.ints ?? [];
    return (
      node !== undefined && axes.length === 1 && axes[0] === -1 && node.attributes.get('keepdims')?.i !== 0
    );
  };
  /** A node of two inputs, one of which is known. */
  const withKnown = (
    node: OnnxNode | undefined,
  ): { readonly value: string; readonly known: string } | undefined => {
    const [a, b] = node?.inputs ?? [];
    if (a === undefined || b === undefined || isKnown(a) === isKnown(b)) return undefined;
    return isKnown(b) ? { value: a, known: b } : { value: b, known: a };
  };
  return nodes.map((node) => {
    if (node.op !== 'Add') return node;
    const shift = withKnown(node);
    const scale = withKnown(made(shift?.value, 'Mul'));
    const divide = made(scale?.value, 'Div');
    const centred = made(divide?.inputs[0], 'Sub');
    const deviation = made(divide?.inputs[1], 'Sqrt');
    const sum = withKnown(made(deviation?.inputs[0], 'Add'));
    const variance = made(sum?.value, 'ReduceMean');
    const squares = made(variance?.inputs[0], 'Pow') ?? made(variance?.inputs[0], 'Mul');
    const mean = made(centred?.inputs[1], 'ReduceMean');
    if (!shift || !scale || !centred || !sum || !squares || !isLastMean(variance) || !isLastMean(mean))
      return node;
    const [x] = centred.inputs;
    const [c] = centred.outputs;
    const isSquare =
      squares.inputs[0] === c &&
      (squares.op === 'Mul' ? squares.inputs[1] === c : scalar(squares.inputs[1] ?? '') === 2);
    const epsilon = scalar(sum.known);
    if (x === undefined || mean?.inputs[0] !== x || !isSquare || epsilon === undefined) return node;
    const attribute = (name: string, values: Partial<OnnxAttribute>): [string, OnnxAttribute] => [
      name,
      {
        ...{
          name,
          f: 0,
          i: 0,
          s: undefined,
          t: undefined,
          hasGraph: false,
          floats: [],
          ints: [],
          strings: [],
        },
        ...values,
      },
    ];
    return {
      ...node,
      op: 'LayerNormalization',
      inputs: [x, scale.known, shift.known],
      attributes: new Map([attribute('axis', { i: -1 }), attribute('epsilon', { f: epsilon })]),
    };
  });
}
