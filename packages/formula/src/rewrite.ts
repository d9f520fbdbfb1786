import { Graph, type Node } from './graph.ts';
import { Program, type Slots } from './program.ts';
import { Real } from './real.ts';
import { Word } from './word.ts';

/** Copies a program into a new graph, with every node passed through `replace`. */
export function rewrite(program: Program, replace: (node: Node) => Pick<Node, 'op' | 'value'>): Program {
  const graph = new Graph();
  return copied(program, graph, program.slots, (node, args) => {
    const { op, value } = replace(node);
    return graph.node(op, args, value);
  });
}

/** The program with the operations for which `meaning` gives a function replaced by what it makes of their operands. */
export function replaced(
  program: Program,
  meaning: (node: Node) => ((...args: [Real, Real]) => Real) | undefined,
): Program {
  const graph = new Graph();
  return copied(program, graph, program.slots, (node, args) => {
    const made = meaning(node);
    if (!made) return graph.node(node.op, args, node.value);
    return made(...(args.map((id) => Real.from(graph, id)) as [Real, Real])).id;
  });
}

/** The program in another graph, where `place` makes each node of those of its arguments. */
function copied(
  program: Program,
  graph: Graph,
  slots: Slots,
  place: (node: Node, args: readonly number[]) => number,
): Program {
  const placed = new Map<number, number>();
  const at = (id: number): number => placed.get(id) as number;
  for (const node of program.nodes) placed.set(node.id, place(node, node.args.map(at)));
  const sinks = program.sinks.map(({ slot, index, value }) => ({ slot, index: at(index), value: at(value) }));
  return new Program(graph, program.outputs.map(at), sinks, slots);
}

/** The formula of the transposed matrix: row and column change places. */
export function transposed(program: Program): Program {
  const other = { row: 'col', col: 'row' } as const;
  return rewrite(program, ({ op, value }) => ({ op: op === 'row' || op === 'col' ? other[op] : op, value }));
}

export interface Coordinates {
  readonly row: Word;
  readonly col: Word;
}

/**
 * The formula of a matrix whose entries are entries of another: row and column are replaced by words made of them.
 *
 * @param extra run-time words behind those of the program, for `place` to use
 * @param place the row and column of the entry of the original that stands at the given ones
 */
export function rearranged(
  program: Program,
  extra: number,
  place: (at: Coordinates, uniforms: readonly Word[]) => Coordinates,
): Program {
  const graph = new Graph();
  const { slots } = program;
  const word = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
  const uniforms = Array.from({ length: extra }, (_, k) => word('uniform', slots.uniforms + k));
  const found = place({ row: word('row'), col: word('col') }, uniforms);
  return copied(program, graph, { ...slots, uniforms: slots.uniforms + extra }, ({ op, value }, args) =>
    op === 'row' || op === 'col' ? found[op].id : graph.node(op, args, value),
  );
}
