import { Graph, Program, Real, symbolicWords, Word } from '@funhash/formula';
import { multiplyShiftFormula, xxHash32Formula } from '@funhash/hashing';

/** Weight formulas of the kinds that schemes use, built directly. */
export interface Formula {
  readonly program: Program;
  readonly uniforms: readonly number[];
  readonly storedLengths: readonly number[];
}

const leaf = (graph: Graph, op: 'row' | 'col' | 'uniform', value = 0): Word =>
  new Word(graph, graph.node(op, [], value));
const at = (graph: Graph, slot: number, index: Word): Real =>
  Real.from(graph, graph.node('at', [index.id], slot));

export function hashed(count: number, hash: 'xx' | 'ms' = 'xx'): Formula {
  const graph = new Graph();
  const [row, col, buckets, seed] = [
    leaf(graph, 'row'),
    leaf(graph, 'col'),
    leaf(graph, 'uniform', 0),
    leaf(graph, 'uniform', 1),
  ];
  const formula = hash === 'xx' ? xxHash32Formula : multiplyShiftFormula;
  const h = formula(symbolicWords(graph), row, col, seed);
  const entry = at(graph, 0, h.below(buckets)).times(h.asSign());
  const slots = { stored: 1, inputs: 0, uniforms: 2, scalars: 0 };
  return {
    program: new Program(graph, [entry.id], [], slots),
    uniforms: [count, 12345],
    storedLengths: [count],
  };
}

/** FunHashNN: U hashed values, a network U → H → 1 with biases. */
export function funHash(count: number, hidden: number, activation: 'tanh' | 'relu', U = 4): Formula {
  const graph = new Graph();
  const [row, col, buckets, seed] = [
    leaf(graph, 'row'),
    leaf(graph, 'col'),
    leaf(graph, 'uniform', 0),
    leaf(graph, 'uniform', 1),
  ];
  const g = (index: number): Real => at(graph, 1, Word.constant(graph, index));
  const inputs = Array.from({ length: U }, (_, u) => {
    const h = xxHash32Formula(symbolicWords(graph), row, col, seed.plus(u * 0x9e3779b9));
    return at(graph, 0, h.below(buckets)).times(h.asSign());
  });
  let next = 0;
  const units = Array.from({ length: hidden }, () => {
    const sum = inputs.reduce((total, input) => total.plus(input.times(g(next++))), g(next++));
    return activation === 'tanh' ? sum.tanh() : sum.relu();
  });
  const entry = units.reduce((total, unit) => total.plus(unit.times(g(next++))), g(next++));
  const slots = { stored: 2, inputs: 0, uniforms: 2, scalars: 0 };
  return {
    program: new Program(graph, [entry.id], [], slots),
    uniforms: [count, 12345],
    storedLengths: [count, next],
  };
}

/** ROBE: runs of eight neighbours. */
export function robe8(count: number): Formula {
  const graph = new Graph();
  const [row, col] = [leaf(graph, 'row'), leaf(graph, 'col')];
  const [places, seed] = [leaf(graph, 'uniform', 0), leaf(graph, 'uniform', 1)];
  const h = xxHash32Formula(symbolicWords(graph), row, col.group(8), seed);
  const entry = at(graph, 0, h.below(places).plus(col.lane(8))).times(h.asSign());
  const slots = { stored: 1, inputs: 0, uniforms: 2, scalars: 0 };
  return {
    program: new Program(graph, [entry.id], [], slots),
    uniforms: [count - 7, 12345],
    storedLengths: [count],
  };
}

/** Tiles of 8 × 8 neighbours, rows fastest. */
export function tile(count: number): Formula {
  const graph = new Graph();
  const [row, col] = [leaf(graph, 'row'), leaf(graph, 'col')];
  const [tiles, seed] = [leaf(graph, 'uniform', 0), leaf(graph, 'uniform', 1)];
  const h = xxHash32Formula(symbolicWords(graph), row.group(8), col.group(8), seed);
  const index = h.below(tiles).times(64).plus(col.lane(8).times(8)).plus(row.lane(8));
  const entry = at(graph, 0, index).times(h.asSign());
  const slots = { stored: 1, inputs: 0, uniforms: 2, scalars: 0 };
  const whole = Math.max(1, Math.floor(count / 64));
  return {
    program: new Program(graph, [entry.id], [], slots),
    uniforms: [whole, 12345],
    storedLengths: [whole * 64],
  };
}
