import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { Graph } from './graph.ts';
import { Program, tracePointwise } from './program.ts';
import { Real } from './real.ts';
import { Word } from './word.ts';

test('an expression written twice is one node', () => {
  const graph = new Graph();
  const build = (): number => {
    const row = new Word(graph, graph.node('row'));
    return row.times(7).plus(3).asReal().tanh().id;
  };
  const id = build();
  const count = graph.nodes.length;
  expect(build()).toBe(id);
  expect(graph.nodes.length).toBe(count);
});

test('0 and −0, slots and constants are told apart', () => {
  const graph = new Graph();
  expect(graph.node('real', [], 0)).not.toBe(graph.node('real', [], -0));
  expect(graph.node('input', [], 0)).not.toBe(graph.node('input', [], 1));
  expect(graph.node('real', [], Number.NaN)).toBe(graph.node('real', [], Number.NaN));
});

test('arguments have smaller ids than their node, and node types follow the operation', () => {
  const { graph } = tracePointwise(2, 0, ([a, b]) => [
    (a as Real)
      .times(b as Real)
      .tanh()
      .plus(a as Real),
  ]);
  for (const node of graph.nodes) for (const arg of node.args) expect(arg).toBeLessThan(node.id);
  expect(graph.nodes.every(({ type }) => type === 'real')).toBe(true);
  expect(graph.at(graph.node('row')).type).toBe('word');
});

test('operands of another graph are refused, whichever their id', () => {
  const [one, other] = [new Graph(), new Graph()];
  const here = [new Word(one, one.node('row')), new Word(one, one.node('col'))] as const;
  const there = new Word(other, other.node('row'));
  expect(() => here[1].plus(there)).toThrow(ArgumentError);
  expect(() => here[1].asReal().times(there.asReal())).toThrow(ArgumentError);
  expect(() => here[1].asReal().plus(there.asReal())).toThrow(/another graph/);
  expect(() => here[0].select(there.asReal(), 0)).toThrow(ArgumentError);
  expect(() => new Graph().node('tanh', [5])).toThrow(/another graph/);
});

test('a program holds only the nodes that its outputs and sinks need', () => {
  const graph = new Graph();
  const row = new Word(graph, graph.node('row'));
  const unused = row.times(5).asReal().exp();
  const used = row.asReal().plus(1);
  const program = new Program(graph, [used.id], [], { stored: 0, inputs: 0, uniforms: 0, scalars: 0 });
  expect(program.nodes.map(({ id }) => id)).not.toContain(unused.id);
  expect(program.nodes.map(({ op }) => op)).toEqual(['row', 'asReal', 'real', 'plus']);
});

test('the key is equal exactly for equal structure', () => {
  const key = (constant: number, dead: boolean): string => {
    const graph = new Graph();
    if (dead) graph.node('real', [], 99);
    const x = Real.from(graph, graph.node('input', [], 0));
    const y = Real.from(graph, graph.node('over', [x.id, graph.node('real', [], constant)]));
    return new Program(graph, [y.id], [], { stored: 0, inputs: 1, uniforms: 0, scalars: 0 }).key;
  };
  expect(key(2, false)).toBe(key(2, true));
  expect(key(2, false)).not.toBe(key(3, false));
  expect(key(0, false)).not.toBe(key(-0, false));
});

test('extents say what a value varies with', () => {
  const graph = new Graph();
  const [row, col] = [new Word(graph, graph.node('row')), new Word(graph, graph.node('col'))];
  const uniform = new Word(graph, graph.node('uniform', [], 0));
  const ids = [uniform.plus(3), row.xor(uniform), col.times(9), row.plus(col)].map(
    (word) => word.asReal().id,
  );
  const program = new Program(graph, ids, [], { stored: 0, inputs: 0, uniforms: 1, scalars: 0 });
  expect(ids.map((id) => program.extentOf(id))).toEqual([0, 1, 2, 3]);
});

test('a pointwise function without outputs is refused', () => {
  expect(() => tracePointwise(1, 0, () => [])).toThrow(ArgumentError);
});
