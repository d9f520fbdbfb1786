import { GRU, LSTM } from '@funhash/layers';
import type { NumberArray } from '../array.ts';
import { type Extent, fixed, shownShape } from '../extent.ts';
import type { Node } from '../node.ts';
import { type Flow, isKnown, type Known } from '../value.ts';
import type { Context, Inputs, Rule } from './context.ts';
import { filled } from './layer-parts.ts';
import { type Cell, cells, type Sequences, unrolled } from './unrolled.ts';

const isZeros = (value: Known | Flow | undefined): boolean =>
  value === undefined || (isKnown(value) && value.known.data.every((each) => each === 0));

function read(node: Node, inputs: Inputs, context: Context, cell: Cell): Sequences {
  const given = context.flowAt(node, inputs, 0, 'X');
  if (given.shape.length !== 3) return node.refuse('sequences of three axes', shownShape(given.shape));
  const isBatchFirst = node.int('layout', 0) === 1;
  // Steps are an axis behind the batch here.
  const x = context.inOrder(given, isBatchFirst ? [0, 1, 2] : [1, 0, 2]);
  const [batch, steps, features] = context.lying(x.shape, x.order) as [Extent, Extent, Extent];
  const direction = node.text('direction', 'forward');
  const directions = (
    { forward: ['forward'], reverse: ['reverse'], bidirectional: ['forward', 'reverse'] } as const
  )[direction];
  if (!directions) return node.refuse('forward, reverse or bidirectional as direction', direction);
  const weight = context.weight(node, inputs, 1, 'W').known;
  const recurrent = context.weight(node, inputs, 2, 'R').known;
  const bias = context.optional(node, inputs, 3, 'B')?.known;
  const hidden = recurrent.shape[2] ?? 0;
  const rows = cell.gates * hidden;
  const fits = (array: NumberArray | undefined, ...shape: number[]): boolean =>
    !array || `${array.shape}` === `${shape}`;
  const d = directions.length;
  const peepholes = context.optional(node, inputs, 7, 'P')?.known;
  if (
    hidden < 1 ||
    features.n < 1 ||
    node.int('hidden_size', hidden) !== hidden ||
    !fits(weight, d, rows, features.n) ||
    !fits(recurrent, d, rows, hidden) ||
    !fits(bias, d, 2 * rows) ||
    !fits(peepholes, d, 3 * hidden)
  )
    return node.refuse(
      `matrices of ${cell.gates} gates for ${features.n} features`,
      `W [${weight.shape}], R [${recurrent.shape}], B [${bias?.shape ?? ''}]`,
      'The file is damaged.',
    );
  const lengths = inputs[4];
  if (lengths && !(isKnown(lengths) && lengths.known.data.every((each) => each === steps.n)))
    node.refuse('sequences of one length', 'sequence_lens', 'Pad them, and give the network a mask.');
  if (node.int('input_forget', 0) !== 0) node.refuse('gates of their own', 'input_forget');
  const state = (at: number): Known | Flow | undefined => (isZeros(inputs[at]) ? undefined : inputs[at]);
  return {
    ...{ node, x, batch, steps, width: features.n, hidden, directions, weight, recurrent, bias },
    hiddenState: state(5),
    cellState: state(6),
    peepholes: peepholes?.data.every((each) => each === 0) ? undefined : peepholes,
    clip: node.has('clip') ? node.float('clip', 0) : undefined,
    activations: node.texts('activations'),
  };
}

/** Rows of a gate matrix of one direction, gates in another order. */
function gateRows(array: NumberArray, direction: number, order: readonly number[], from = 0): NumberArray {
  const rows = array.shape[1] as number;
  const cols = array.shape[2] ?? 1;
  const isBias = array.shape.length === 2;
  const height = (isBias ? rows / 2 : rows) / order.length;
  const data = new Float32Array(order.length * height * cols);
  order.forEach((gate, k) => {
    const start = (direction * rows + from + gate * height) * cols;
    data.set(array.data.subarray(start, start + height * cols), k * height * cols);
  });
  return { kind: 'float', shape: isBias ? [data.length] : [order.length * height, cols], data };
}

const plus = (a: NumberArray, b: NumberArray): NumberArray => ({
  ...a,
  data: Float32Array.from(a.data, (value, k) => value + (b.data[k] as number)),
});

const isUsual = ({ clip, activations, directions }: Sequences, usual: readonly string[]): boolean =>
  clip === undefined &&
  (activations === undefined ||
    activations.length === 0 ||
    directions.every((_, d) =>
      usual.every((name, k) => activations[d * usual.length + k]?.toLowerCase() === name.toLowerCase()),
    ));

/** A layer with the matrices of a node: gates in the order of PyTorch. */
function layerOf(sequences: Sequences, cell: Cell, output: 'sequence' | 'last'): LSTM | GRU {
  const { width, hidden, directions, weight, recurrent, bias } = sequences;
  const { order } = cell;
  const options = {
    ...{ in: width, hiddenSize: hidden },
    ...(directions.length === 2 && { bidirectional: true }),
    ...(output === 'last' && { output }),
    ...(!bias && { bias: false }),
  };
  const layer = cell.isLstm ? new LSTM({ ...options, forgetBias: 0 }) : new GRU(options);
  directions.forEach((_, direction) => {
    const part = layer.part(0, direction);
    const rows = cell.gates * hidden;
    const [own, recurrentOwn] = bias
      ? [gateRows(bias, direction, order), gateRows(bias, direction, order, rows)]
      : [undefined, undefined];
    const both = own && recurrentOwn && cell.isLstm ? plus(own, recurrentOwn) : own;
    filled(part.input, gateRows(weight, direction, order), both);
    filled(part.recurrent, gateRows(recurrent, direction, order), cell.isLstm ? undefined : recurrentOwn);
  });
  return layer;
}

/** Outputs that the file means, of what lies batch first: the sequence [B, T, D · H], the states [B, D · H]. */
function outputs(
  sequences: Sequences,
  context: Context,
  made: {
    readonly sequence: number | undefined;
    readonly hidden: number | undefined;
    readonly cell?: number | undefined;
  },
): (Flow | undefined)[] {
  const { node, batch, steps, hidden, directions } = sequences;
  const isBatchFirst = node.int('layout', 0) === 1;
  const [d, h] = [fixed(directions.length), fixed(hidden)];
  const flow = (place: number, shape: Extent[], order: number[]): Flow => ({
    place,
    shape,
    order,
    kind: 'float',
  });
  const state = (place: number | undefined): Flow | undefined => {
    if (place === undefined) return undefined;
    const lying = context.builder.reshape(place, [batch, d, h]);
    return isBatchFirst ? flow(lying, [batch, d, h], [0, 1, 2]) : flow(lying, [d, batch, h], [1, 0, 2]);
  };
  const sequence = (place: number | undefined): Flow | undefined => {
    if (place === undefined) return undefined;
    const lying = context.builder.reshape(place, [batch, steps, d, h]);
    return isBatchFirst
      ? flow(lying, [batch, steps, d, h], [0, 1, 2, 3])
      : flow(lying, [steps, d, batch, h], [2, 0, 1, 3]);
  };
  return [sequence(made.sequence), state(made.hidden), state(made.cell)];
}

const recurrent =
  (cell: Cell): Rule =>
  (node, inputs, context) => {
    const sequences = read(node, inputs, context, cell);
    const { x, batch, steps, hidden, directions } = sequences;
    const isPlain =
      cell.order.length > 0 &&
      isUsual(sequences, cell.activations) &&
      !sequences.hiddenState &&
      !sequences.cellState &&
      !sequences.peepholes &&
      !context.isRead(node, 2) &&
      (cell.isLstm || node.int('linear_before_reset', 0) !== 0);
    if (!isPlain) return outputs(sequences, context, unrolled(sequences, cell, context));
    const { builder } = context;
    const [all, both] = [fixed(directions.length * hidden), directions.length === 2];
    const lying = [batch, steps, all];
    const needsSequence = context.isRead(node, 0);
    const isReverse = directions.length === 1 && directions[0] === 'reverse';
    const backwards = (place: number): number =>
      builder.step('slice', [place], builder.extents(place), { axis: 1, step: -1 });
    const source = isReverse ? backwards(x.place) : x.place;
    if (!needsSequence) {
      const plan = { build: () => layerOf(sequences, cell, 'last') };
      return outputs(sequences, context, {
        sequence: undefined,
        hidden: builder.layer(plan, source, [batch, all]),
      });
    }
    const made = builder.layer({ build: () => layerOf(sequences, cell, 'sequence') }, source, lying);
    const part = (place: number, axis: number, start: number, count: number, extents: Extent[]): number =>
      builder.step('slice', [place], extents, {
        axis,
        start,
        ...(start + count !== 0 && { stop: start + count }),
      });
    let last: number | undefined;
    if (context.isRead(node, 1)) {
      const row = [batch, fixed(1), all];
      const end = part(made, 1, -1, 1, row);
      if (both) {
        // Backwards, the first step is read last.
        const begin = part(made, 1, 0, 1, row);
        const half = [batch, fixed(1), fixed(hidden)];
        last = builder.step(
          'concat',
          [part(end, 2, 0, hidden, half), part(begin, 2, hidden, hidden, half)],
          row,
          { axis: 2 },
        );
      } else last = end;
    }
    return outputs(sequences, context, { sequence: isReverse ? backwards(made) : made, hidden: last });
  };

/** Recurrent ops. */
export const recurrentRules: Readonly<Record<string, Rule>> = {
  LSTM: recurrent(cells.lstm),
  GRU: recurrent(cells.gru),
  RNN: recurrent(cells.rnn),
};
