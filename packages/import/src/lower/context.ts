import { Activation, type ActivationName, type GraphStep } from '@funhash/layers';
import { countOf, type NumberArray, type NumberKind } from '../array.ts';
import type { Builder } from '../builder.ts';
import { broadcastShape, type Extent, fixed, shownShape } from '../extent.ts';
import { transposedKnown } from '../fold/known.ts';
import type { Node } from '../node.ts';
import { type Flow, identity, isKnown, isOrder, type Known, type Value } from '../value.ts';

/** What a node reads; undefined where an optional input is left out. */
export type Inputs = readonly (Value | undefined)[];

/** What a node becomes: its outputs in order. Outputs that nobody reads may be left out. */
export type Rule = (node: Node, inputs: Inputs, context: Context) => readonly (Value | undefined)[];

/** What rules work with. */
export class Context {
  readonly builder: Builder;
  /** Values that more than one node reads. */
  readonly shared = new Set<number>();
  /** Names that somebody reads. */
  readonly read: ReadonlySet<string>;

  constructor(builder: Builder, read: ReadonlySet<string>) {
    this.builder = builder;
    this.read = read;
  }

  /** Whether an output of a node is read. */
  isRead(node: Node, output: number): boolean {
    const name = node.outputs[output];
    return name !== undefined && this.read.has(name);
  }

  /** An input that must be there. */
  need(node: Node, inputs: Inputs, at: number, name: string): Value {
    return inputs[at] ?? node.refuse(`an input ${name}`, 'none', 'The file is damaged.');
  }

  /** An input that must be known: a weight. */
  weight(node: Node, inputs: Inputs, at: number, name: string): Known {
    const value = this.need(node, inputs, at, name);
    if (isKnown(value)) return value;
    return node.refuse(
      `known ${name}`,
      'values that follow the input of the network',
      'Give inputs that are weights as `values`.',
    );
  }

  /** An optional known input. */
  optional(node: Node, inputs: Inputs, at: number, name: string): Known | undefined {
    return inputs[at] && this.weight(node, inputs, at, name);
  }

  /** An input as a value of the graph: what is known becomes a constant. */
  flow(value: Value): Flow {
    if (!isKnown(value)) return value;
    const { known, isWeight } = value;
    const place = this.builder.constant(known, isWeight === true && known.kind === 'float');
    return { place, shape: known.shape.map(fixed), order: identity(known.shape.length), kind: known.kind };
  }

  /** An input that follows that of the network, or a constant. */
  flowAt(node: Node, inputs: Inputs, at: number, name = 'x'): Flow {
    return this.flow(this.need(node, inputs, at, name));
  }

  /** A value of an op that keeps places of elements. */
  map(
    flow: Flow,
    op: GraphStep['op'],
    options: Readonly<Record<string, unknown>> = {},
    kind: NumberKind = flow.kind,
  ): Flow {
    const place = this.builder.step(op, [flow.place], this.builder.extents(flow.place), options);
    return { ...flow, place, kind };
  }

  /** A value under an activation, which a layer before it takes over where it can. */
  activation(flow: Flow, name: ActivationName): Flow {
    const plan = this.builder.planOf(flow.place);
    if (plan?.takesActivation && plan.activation === undefined && !this.shared.has(flow.place)) {
      plan.activation = name;
      plan.takesBias = undefined;
      return flow;
    }
    const extents = this.builder.extents(flow.place);
    const place = this.builder.layer({ build: () => new Activation(name) }, flow.place, extents);
    return { ...flow, place };
  }

  /** A value in which the channels, or the last axis that the file means, lie as the file means them. */
  withoutColumns(flow: Flow): Flow {
    return flow.columns ? this.builder.plain(flow) : flow;
  }

  plain(flow: Flow): Flow {
    return this.builder.plain(flow);
  }

  /** A value in an order of axes. */
  inOrder(flow: Flow, order: readonly number[]): Flow {
    const given = this.withoutColumns(flow);
    return { ...given, place: this.builder.inOrder(given, order), order: [...order] };
  }

  /** Extents of a value, as they lie in an order. */
  lying(shape: readonly Extent[], order: readonly number[]): Extent[] {
    return order.map((axis) => shape[axis] as Extent);
  }

  /** Two values joined by an op, in one order of axes; they broadcast. */
  join(node: Node, op: GraphStep['op'], values: readonly Value[], kind?: NumberKind): Flow {
    const shape = broadcastShape(
      values.map((value) => (isKnown(value) ? value.known.shape.map(fixed) : value.shape)),
    );
    if (!shape)
      return node.refuse(
        'operands that broadcast',
        values
          .map((value) => (isKnown(value) ? `[${value.known.shape}]` : shownShape(value.shape)))
          .join(', '),
        'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
      );
    const rank = shape.length;
    const flows = values.filter((value) => !isKnown(value)) as Flow[];
    const columns = this.#commonColumns(flows, rank);
    const given = values.map((value) => (isKnown(value) || columns ? value : this.withoutColumns(value)));
    const leader =
      (given.find(
        (value) => !isKnown(value) && value.shape.length === rank && !isOrder(value.order, identity(rank)),
      ) as Flow | undefined) ?? undefined;
    const order = leader?.order ?? identity(rank);
    const places = given.map((value) =>
      isKnown(value) ? this.constantIn(value, order, columns) : this.#broadcastable(value, order),
    );
    const extents = this.lying(shape, order);
    const place = this.builder.step(op, places, extents);
    return {
      place,
      shape,
      order,
      kind:
        kind ??
        (values.every((value) => (isKnown(value) ? value.known.kind : value.kind) === 'int')
          ? 'int'
          : 'float'),
      ...(columns && { columns }),
    };
  }

  /** The order of the last axis that all values share; undefined: that of the file. */
  #commonColumns(flows: readonly Flow[], rank: number): readonly number[] | undefined {
    const columns = flows[0]?.columns;
    if (!columns) return undefined;
    const isShared = flows.every(
      (flow) =>
        flow.shape.length === rank &&
        (flow.columns === columns ||
          (flow.columns && isOrder(flow.columns, columns)) ||
          flow.shape.at(-1)?.n === 1),
    );
    return isShared ? columns : undefined;
  }

  /** A known value as it broadcasts against values in an order of axes. */
  constantIn(value: Known, order: readonly number[], columns?: readonly number[]): number {
    const rank = order.length;
    const { shape } = value.known;
    const full = [...new Array<number>(rank - shape.length).fill(1), ...shape];
    let lying = transposedKnown({ ...value, known: { ...value.known, shape: full } }, order);
    if (columns && full.at(-1) === columns.length) lying = withColumns(lying, columns);
    // Leading axes of extent 1 say nothing, unless all do.
    const lead = lying.known.shape.findIndex((n) => n !== 1);
    const kept = lead < 0 ? [1] : lying.known.shape.slice(lead);
    const isUnchanged =
      kept.length === shape.length &&
      kept.every((n, k) => n === shape[k]) &&
      isOrder(order, identity(rank)) &&
      !columns;
    const array: NumberArray = isUnchanged ? value.known : { ...lying.known, shape: kept };
    return this.builder.constant(array, value.isWeight === true && array.kind === 'float');
  }

  #broadcastable(flow: Flow, order: readonly number[]): number {
    const rank = order.length;
    if (flow.shape.length === rank) return flow.columns ? flow.place : this.builder.inOrder(flow, order);
    const plain = this.plain(flow);
    if (isOrder(order, identity(rank))) return plain.place;
    const full = [...new Array<Extent>(rank - flow.shape.length).fill(fixed(1)), ...flow.shape];
    const place = this.builder.reshape(plain.place, full);
    return this.builder.inOrder({ ...plain, place, shape: full, order: identity(rank) }, order);
  }
}

/** A known value whose last axis is put as columns lie. */
export function withColumns(value: Known, columns: readonly number[]): Known {
  const { known } = value;
  const width = columns.length;
  const data = known.data.slice();
  for (let at = 0; at < data.length; at++)
    data[at] = known.data[at - (at % width) + (columns[at % width] as number)] as number;
  return { ...value, known: { ...known, data } };
}

/** The one number of a known value of one element. */
export function scalarOf(value: Value | undefined): number | undefined {
  if (!value || !isKnown(value) || countOf(value.known.shape) !== 1) return undefined;
  const number = value.known.data[0] as number;
  return Number.isNaN(number) ? undefined : number;
}
