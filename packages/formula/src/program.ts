import { ArgumentError } from '@funhash/hashing';
import { Graph, type Node } from './graph.ts';
import { Real } from './real.ts';

/** Adds `value` to stored array `slot` at `index`, for every entry evaluated. */
export interface Sink {
  readonly slot: number;
  /** Word node. */
  readonly index: number;
  /** Real node. */
  readonly value: number;
}

/** How many run-time operands of each kind a program reads: slots are 0 … count − 1. */
export interface Slots {
  /** Arrays read by `at` and added to by sinks. */
  readonly stored: number;
  /** Values given per entry. */
  readonly inputs: number;
  /** Words that are the same for all entries. */
  readonly uniforms: number;
  /** Reals that are the same for all entries. */
  readonly scalars: number;
}

/** What a node's value varies with: none, the row, the column, or both. `input` varies with both. */
export type Extent = 0 | 1 | 2 | 3;

/**
 * The part of a graph that some outputs and sinks need: what a backend compiles. Plain data; `key` is equal for
 * programs of equal structure, so that compiled code can be shared between layers whose uniforms differ.
 */
export class Program {
  readonly graph: Graph;
  readonly outputs: readonly number[];
  readonly sinks: readonly Sink[];
  readonly slots: Slots;
  /** The nodes needed, arguments before uses. */
  readonly nodes: readonly Node[];
  readonly #extents = new Map<number, Extent>();
  #key: string | undefined;

  constructor(graph: Graph, outputs: readonly number[], sinks: readonly Sink[], slots: Slots) {
    this.graph = graph;
    this.outputs = outputs;
    this.sinks = sinks;
    this.slots = slots;
    this.nodes = reachable(graph, [...outputs, ...sinks.flatMap(({ index, value }) => [index, value])]);
    for (const node of this.nodes) this.#extents.set(node.id, this.#derivedExtent(node));
  }

  /** What the value of a node of this program varies with. */
  extentOf(id: number): Extent {
    return this.#extents.get(id) as Extent;
  }

  get key(): string {
    this.#key ??= this.#structure();
    return this.#key;
  }

  /** The same outputs without sinks, or only some of the outputs: what is not needed is not evaluated. */
  only(outputs: readonly number[]): Program {
    return new Program(this.graph, outputs, [], this.slots);
  }

  #derivedExtent(node: Node): Extent {
    if (node.op === 'row') return 1;
    if (node.op === 'col') return 2;
    if (node.op === 'input') return 3;
    return node.args.reduce((extent, arg) => extent | this.extentOf(arg), 0) as Extent;
  }

  #structure(): string {
    const place = new Map(this.nodes.map((node, index) => [node.id, index]));
    const nodes = this.nodes.map(
      ({ op, args, value }) =>
        `${op}(${args.map((arg) => place.get(arg)).join()})${Object.is(value, -0) ? '-0' : value}`,
    );
    const sinks = this.sinks.map(
      ({ slot, index, value }) => `${slot}:${place.get(index)}:${place.get(value)}`,
    );
    const { stored, inputs, uniforms, scalars } = this.slots;
    return [
      nodes.join(';'),
      this.outputs.map((id) => place.get(id)).join(),
      sinks.join(),
      [stored, inputs, uniforms, scalars].join(),
    ].join('|');
  }
}

function reachable(graph: Graph, roots: readonly number[]): Node[] {
  const needed = new Set<number>();
  const open = [...roots];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (needed.has(id)) continue;
    needed.add(id);
    open.push(...graph.at(id).args);
  }
  return [...needed].sort((a, b) => a - b).map((id) => graph.at(id));
}

/**
 * Traces an elementwise function once and returns its program.
 *
 * @param arity number of per-entry operands
 * @param scalars number of run-time reals that are the same for all entries
 * @param statement receives the operands and the scalars as expressions, returns one expression per output
 */
export function tracePointwise(
  arity: number,
  scalars: number,
  statement: (inputs: readonly Real[], scalars: readonly Real[]) => readonly Real[],
): Program {
  const graph = new Graph();
  const leaves = (op: 'input' | 'scalar', count: number): Real[] =>
    Array.from({ length: count }, (_, slot) => Real.from(graph, graph.node(op, [], slot)));
  const inputs = leaves('input', arity);
  const outputs = statement(inputs, leaves('scalar', scalars));
  if (outputs.length === 0)
    throw new ArgumentError({
      operation: 'tracePointwise',
      expected: 'a statement that returns at least one expression',
      actual: 'none',
    });
  return new Program(
    graph,
    outputs.map(({ id }) => id),
    [],
    { stored: 0, inputs: arity, uniforms: 0, scalars },
  );
}
