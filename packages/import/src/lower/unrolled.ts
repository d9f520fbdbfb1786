import { Activation, type ActivationName } from '@funhash/layers';
import type { NumberArray } from '../array.ts';
import type { LayerPlan } from '../builder.ts';
import { type Extent, fixed } from '../extent.ts';
import type { Node } from '../node.ts';
import { type Flow, isKnown, type Known } from '../value.ts';
import type { Context } from './context.ts';
import { densePlan } from './products.ts';

/** A recurrent node as it is read. */
export interface Sequences {
  readonly node: Node;
  readonly x: Flow;
  readonly batch: Extent;
  readonly steps: Extent;
  readonly width: number;
  readonly hidden: number;
  readonly directions: readonly ('forward' | 'reverse')[];
  /** [directions, gates · hidden, width], [directions, gates · hidden, hidden], [directions, 2 · gates · hidden]. */
  readonly weight: NumberArray;
  readonly recurrent: NumberArray;
  readonly bias: NumberArray | undefined;
  /** Start states, unless they are zeros. */
  readonly hiddenState: Known | Flow | undefined;
  readonly cellState: Known | Flow | undefined;
  readonly peepholes: NumberArray | undefined;
  readonly clip: number | undefined;
  readonly activations: readonly string[] | undefined;
}

/** What a recurrent op does at a step, and how a layer of funhash holds it. */
export interface Cell {
  readonly isLstm: boolean;
  readonly gates: number;
  /** Gates of the file in the order of a layer; empty: there is no such layer. */
  readonly order: readonly number[];
  readonly activations: readonly string[];
}

export const cells = {
  /** i o f c in the file, i f c o in layers. */
  lstm: { isLstm: true, gates: 4, order: [0, 2, 3, 1], activations: ['Sigmoid', 'Tanh', 'Tanh'] },
  /** z r h in the file, r z h in layers. */
  gru: { isLstm: false, gates: 3, order: [1, 0, 2], activations: ['Sigmoid', 'Tanh'] },
  rnn: { isLstm: false, gates: 1, order: [], activations: ['Tanh'] },
} as const satisfies Readonly<Record<string, Cell>>;

/** Most steps that are written out. */
const mostSteps = 256;

const functions: Readonly<Record<string, ActivationName>> = {
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  relu: 'relu',
};

/** Rows from one on of the matrix of a direction. */
function rowsOf(array: NumberArray, direction: number, from: number, count: number): NumberArray {
  const [, rows, cols = 1] = array.shape as [number, number, number?];
  const start = (direction * rows + from) * cols;
  const data = Float32Array.from(array.data.subarray(start, start + count * cols));
  return { kind: 'float', shape: array.shape.length === 2 ? [count] : [count, cols], data };
}

/**
 * What no layer does, written out step by step: start states, peepholes, other activations, the reset gate of a GRU before
 * the product. The matrices are one layer each, used at every step.
 */
export function unrolled(
  sequences: Sequences,
  cell: Cell,
  context: Context,
): { sequence: number; hidden: number; cell: number | undefined } {
  const { node, steps, batch, hidden, directions } = sequences;
  const { builder } = context;
  if (steps.of !== undefined || steps.n > mostSteps)
    return node.refuse(
      `a known number of steps, at most ${mostSteps}, of a recurrent node that no layer does`,
      steps.of ?? `${steps.n}`,
      'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
    );
  const h = fixed(hidden);
  const runs = directions.map((direction, d) => run(direction, d));
  const all = fixed(hidden * directions.length);
  const beside = (places: readonly number[], extents: Extent[]): number =>
    places.length === 1
      ? (places[0] as number)
      : builder.step('concat', places, extents, { axis: extents.length - 1 });
  return {
    sequence: beside(
      runs.map(({ sequence }) => sequence),
      [batch, steps, all],
    ),
    hidden: beside(
      runs.map(({ state }) => state.hidden),
      [batch, all],
    ),
    cell: cell.isLstm
      ? beside(
          runs.map(({ state }) => state.cell as number),
          [batch, all],
        )
      : undefined,
  };

  function run(direction: 'forward' | 'reverse', d: number) {
    const own = [batch, h];
    const make = stepOf(sequences, cell, context, d);
    const { hiddenState, cellState } = sequences;
    const zeros: NumberArray = { kind: 'float', shape: [1, hidden], data: new Float32Array(hidden) };
    const start = (state: Known | Flow | undefined): number =>
      state === undefined ? builder.constant(zeros, false) : startOf(state, d, sequences, context);
    let state: State = { hidden: start(hiddenState), cell: cell.isLstm ? start(cellState) : undefined };
    const outputs: number[] = [];
    for (let k = 0; k < steps.n; k++) {
      const at = direction === 'forward' ? k : steps.n - 1 - k;
      state = make(at, state);
      outputs[at] = builder.step('reshape', [state.hidden], [batch, fixed(1), h], { shape: [-1, 1, hidden] });
    }
    const sequence = builder.step('concat', outputs, [batch, steps, h], { axis: 1 });
    return { sequence, state, own };
  }
}

interface State {
  readonly hidden: number;
  readonly cell: number | undefined;
}

/** The start state of a direction, [B, H]. */
function startOf(
  state: Known | Flow,
  d: number,
  { node, batch, hidden }: Sequences,
  context: Context,
): number {
  const isBatchFirst = node.int('layout', 0) === 1;
  const flow = context.plain(context.flow(isKnown(state) ? { ...state, isWeight: false } : state));
  const axis = isBatchFirst ? 1 : 0;
  const extents = flow.shape.map((extent, k) => (k === axis ? fixed(1) : extent));
  const one = context.builder.step('slice', [flow.place], extents, { axis, start: d, stop: d + 1 });
  return context.builder.step('reshape', [one], [batch, fixed(hidden)], { shape: [-1, hidden] });
}

/** One step of a direction as steps of the graph. */
function stepOf(
  { node, x, batch, steps, hidden, weight, recurrent, bias, peepholes, clip, activations }: Sequences,
  cell: Cell,
  { builder }: Context,
  d: number,
): (at: number, state: State) => State {
  const own = [batch, fixed(hidden)];
  const rows = cell.gates * hidden;
  const biasPart = (from: number, count: number): NumberArray | undefined =>
    bias && rowsOf(bias, d, from, count);
  const plan = (matrix: NumberArray, offset: NumberArray | undefined): LayerPlan => ({
    ...densePlan(matrix, offset),
    takesBias: undefined,
    takesActivation: false,
  });
  const wide = [batch, steps, fixed(rows)];
  const sums = builder.layer(plan(rowsOf(weight, d, 0, rows), biasPart(0, rows)), x.place, wide);
  const usual = cell.activations;
  const names = usual.map((name, k) => activations?.[d * usual.length + k] ?? name);
  const activation = (k: number): ActivationName =>
    functions[(names[k] as string).toLowerCase()] ??
    node.refuse(`${Object.keys(functions).join(', ')} as activations`, names[k] as string);
  const chosen = names.map((_, k) => activation(k));
  const op = (name: 'add' | 'multiply' | 'subtract', a: number, b: number): number =>
    builder.step(name, [a, b], own);
  const part = (place: number, gate: number): number =>
    builder.step('slice', [place], own, { axis: 1, start: gate * hidden, stop: (gate + 1) * hidden });
  const through = (place: number, k: number): number => {
    const bounded =
      clip === undefined ? place : builder.step('clip', [place], own, { low: -clip, high: clip });
    return builder.layer({ build: () => new Activation(chosen[k] as ActivationName) }, bounded, own);
  };
  const at = (k: number): number => {
    const one = builder.step('slice', [sums], [batch, fixed(1), fixed(rows)], {
      axis: 1,
      start: k,
      stop: k + 1,
    });
    return builder.step('reshape', [one], [batch, fixed(rows)], { shape: [-1, rows] });
  };
  const product = (from: number, count: number): ((state: number) => number) => {
    const layer = plan(
      rowsOf(recurrent, d, from * hidden, count * hidden),
      biasPart(rows + from * hidden, count * hidden),
    );
    return (state) => builder.layer(layer, state, [batch, fixed(count * hidden)]);
  };
  if (cell.isLstm) {
    const all = product(0, 4);
    const peep = (k: number): number | undefined =>
      peepholes && builder.constant(rowsOf(peepholes, d, k * hidden, hidden), true);
    const holes = [peep(0), peep(1), peep(2)];
    const withHole = (sum: number, k: number, state: number): number =>
      holes[k] === undefined ? sum : op('add', sum, op('multiply', state, holes[k]));
    return (k, state) => {
      const before = state.cell as number;
      const sum = builder.step('add', [at(k), all(state.hidden)], [batch, fixed(rows)]);
      const input = through(withHole(part(sum, 0), 0, before), 0);
      const forget = through(withHole(part(sum, 2), 2, before), 0);
      const next = op('add', op('multiply', forget, before), op('multiply', input, through(part(sum, 3), 1)));
      const output = through(withHole(part(sum, 1), 1, next), 0);
      return {
        cell: next,
        hidden: op(
          'multiply',
          output,
          builder.layer({ build: () => new Activation(chosen[2] as ActivationName) }, next, own),
        ),
      };
    };
  }
  if (cell.gates === 1) {
    const all = product(0, 1);
    return (k, state) => ({ cell: undefined, hidden: through(op('add', at(k), all(state.hidden)), 0) });
  }
  const [gates, candidate] = [product(0, 2), product(2, 1)];
  const isLinearFirst = node.int('linear_before_reset', 0) !== 0;
  return (k, { hidden: before }) => {
    const sum = at(k);
    const recurrentSum = gates(before);
    const update = through(op('add', part(sum, 0), part(recurrentSum, 0)), 0);
    const reset = through(op('add', part(sum, 1), part(recurrentSum, 1)), 0);
    const inner = isLinearFirst
      ? op('multiply', reset, candidate(before))
      : candidate(op('multiply', reset, before));
    const next = through(op('add', part(sum, 2), inner), 1);
    return { cell: undefined, hidden: op('add', next, op('multiply', update, op('subtract', before, next))) };
  };
}
