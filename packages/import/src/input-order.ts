import type { OnnxNode } from './onnx/read-onnx.ts';
import { channelsLast, identity } from './value.ts';

const ofImages = new Set([
  ...['Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool'],
  ...['BatchNormalization', 'InstanceNormalization', 'Resize', 'Upsample'],
]);
const ofSequences = new Set(['LSTM', 'GRU', 'RNN']);

/** Ops behind which an image is one still. */
const through = new Set([
  ...[
    'Identity',
    'Cast',
    'Dropout',
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Pow',
    'Max',
    'Min',
    'Sum',
    'Clip',
    'Pad',
    'Slice',
  ],
  ...[
    'Concat',
    'Split',
    'Relu',
    'LeakyRelu',
    'PRelu',
    'Sigmoid',
    'Tanh',
    'Elu',
    'Selu',
    'Abs',
    'Neg',
    'Sqrt',
    'Exp',
  ],
]);

/** Most nodes that are looked at for what an input is. */
const mostNodes = 1000;

/** How the input of a network lies: channels last where it is images, batch first where it is sequences, else as in the file. */
export function inputOrder(nodes: readonly OnnxNode[], input: string, rank: number): number[] {
  if (rank < 3) return identity(rank);
  const reached = new Set([input]);
  let looked = 0;
  for (const node of nodes) {
    if (!node.inputs.some((name) => reached.has(name))) continue;
    if (++looked > mostNodes) break;
    const isFirst = reached.has(node.inputs[0] ?? '');
    if (isFirst && rank <= 5 && ofImages.has(node.op)) return channelsLast(rank);
    if (isFirst && rank === 3 && ofSequences.has(node.op))
      return node.attributes.get('layout')?.i === 1 ? [0, 1, 2] : [1, 0, 2];
    if (through.has(node.op)) for (const name of node.outputs) reached.add(name);
  }
  return identity(rank);
}
