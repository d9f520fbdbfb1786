import { Graph, type Node } from './graph.ts';
import { Program } from './program.ts';

/** Copies a program into a new graph, with every node passed through `replace`. */
export function rewrite(program: Program, replace: (node: Node) => Pick<Node, 'op' | 'value'>): Program {
  const graph = new Graph();
  const placed = new Map<number, number>();
  for (const node of program.nodes) {
    const { op, value } = replace(node);
    const args = node.args.map((id) => placed.get(id) as number);
    placed.set(node.id, graph.node(op, args, value));
  }
  const at = (id: number): number => placed.get(id) as number;
  return new Program(
    graph,
    program.outputs.map(at),
    program.sinks.map(({ slot, index, value }) => ({ slot, index: at(index), value: at(value) })),
    program.slots,
  );
}

/** The formula of the transposed matrix: row and column change places. */
export function transposed(program: Program): Program {
  const other = { row: 'col', col: 'row' } as const;
  return rewrite(program, ({ op, value }) => ({ op: op === 'row' || op === 'col' ? other[op] : op, value }));
}
