import { ArgumentError } from '@funhash/hashing';
import type { Graph, Node } from './graph.ts';
import { Program, type Sink } from './program.ts';
import { Real } from './real.ts';

/**
 * ∂node/∂argument, an expression in the same graph, or what multiplies by it, where the product of its factors alone may
 * underflow; undefined where no gradient flows.
 */
type Slope = Real | number | undefined | ((cotangent: Real) => Real);

/** The partial derivative for each real argument. */
type Partials = (node: Real, args: readonly Real[], argIds: readonly number[]) => readonly Slope[];

// One row an operation. `maximum` and `minimum` share the gradient where both are equal, as PyTorch's do.
const partialsOf: Partial<Record<Node['op'], Partials>> = {
  plus: () => [1, 1],
  minus: () => [1, -1],
  times: (_, [a, b]) => [b, a],
  over: (y, [, b]) => [(b as Real).inverse(), y.over(b as Real).negate()],
  maximum: (_, [a, b]) => [atLeast(a as Real, b as Real), atLeast(b as Real, a as Real)],
  minimum: (_, [a, b]) => [atLeast(b as Real, a as Real), atLeast(a as Real, b as Real)],
  negate: () => [-1],
  // Not 1 − tanh², which cancels.
  tanh: (_, [a]) => [twice((a as Real).sech())],
  sech: (y, [a]) => [y.times((a as Real).tanh()).negate()],
  gatedBy: (_, [a, z]) => [(g) => g.gatedBy(z as Real), gateSlope(a as Real, z as Real)],
  relu: (_, [a]) => [(a as Real).ifPositive(1, 0)],
  exp: (y) => [y],
  expm1: (_, [a]) => [(a as Real).exp()],
  log: (_, [a]) => [(a as Real).inverse()],
  log1p: (_, [a]) => [(a as Real).plus(1).inverse()],
  sqrt: (y) => [Real.constant(y.graph, 0.5).over(y)],
  sin: (_, [a]) => [(a as Real).cos()],
  cos: (_, [a]) => [(a as Real).sin().negate()],
  abs: (_, [a]) => [(a as Real).sign()],
  ifPositive: (_, [x]) => [undefined, (x as Real).ifPositive(1, 0), (x as Real).ifPositive(0, 1)],
  surrogate: () => [undefined, 1],
  select: (y, _, [word]) => [
    undefined,
    Real.select(y.graph, word as number, 1, 0),
    Real.select(y.graph, word as number, 0, 1),
  ],
};

const twice =
  (factor: Real) =>
  (g: Real): Real =>
    g.times(factor).times(factor);

// a·σ′(z) = a·(sech(z/2)/2)²: 0 where that vanishes, also for infinite a.
function gateSlope(a: Real, z: Real): (g: Real) => Real {
  const s = z.times(0.5).sech();
  return (g) => twice(s)(s.ifPositive(g.times(a.times(0.25)), 0));
}

const along = (cotangent: Real, slope: Real | number | ((g: Real) => Real)): Real =>
  typeof slope === 'function' ? slope(cotangent) : cotangent.times(slope);

// 1 where a > b, 1/2 where a = b, 0 where a < b.
function atLeast(a: Real, b: Real): Real {
  const difference = a.minus(b);
  return difference.ifPositive(1, difference.negate().ifPositive(0, 0.5));
}

function partials(graph: Graph, node: Node): readonly Slope[] {
  const rule = partialsOf[node.op];
  if (!rule) return [];
  const args = node.args.map((id) => Real.from(graph, id));
  return rule(Real.from(graph, node.id), args, node.args);
}

/**
 * Reverse mode over the graph of `program`: forward expressions are shared, not repeated.
 *
 * The result reads one more input per output of the original, its cotangent (slots `inputs`, `inputs + 1`, …), and
 * adds the gradients of the stored values through sinks. Its outputs are the gradients of the inputs in slot order,
 * 0 for an input that the original does not depend on.
 */
export function adjoint(program: Program): Program {
  const { graph, slots } = program;
  const cotangents = new Map<number, Real>();
  const add = (id: number, value: Real): void => {
    const known = cotangents.get(id);
    cotangents.set(id, known ? known.plus(value) : value);
  };
  program.outputs.forEach((id, k) => {
    requireReal(graph, id, 'adjoint');
    add(id, Real.from(graph, graph.node('input', [], slots.inputs + k)));
  });
  const sinks: Sink[] = [];
  const inputGradients = Array.from({ length: slots.inputs }, () => Real.constant(graph, 0));
  for (const node of [...program.nodes].reverse()) {
    const cotangent = cotangents.get(node.id);
    if (!cotangent || node.type === 'word') continue;
    if (node.op === 'at')
      sinks.push({ slot: node.value, index: node.args[0] as number, value: cotangent.id });
    if (node.op === 'input' && node.value < slots.inputs) inputGradients[node.value] = cotangent;
    partials(graph, node).forEach((partial, k) => {
      if (partial !== undefined) add(node.args[k] as number, along(cotangent, partial));
    });
  }
  return new Program(
    graph,
    inputGradients.map(({ id }) => id),
    sinks.reverse(),
    { ...slots, inputs: slots.inputs + program.outputs.length },
  );
}

/**
 * Forward mode in the stored values: a program of the outputs' derivatives in the direction whose components are
 * read from stored slots `stored`, `stored + 1`, … (one for each original slot).
 */
export function tangent(program: Program): Program {
  const { graph, slots } = program;
  const tangents = new Map<number, Real>();
  for (const node of program.nodes) {
    if (node.op === 'at') {
      tangents.set(node.id, Real.from(graph, graph.node('at', node.args, slots.stored + node.value)));
      continue;
    }
    let total: Real | undefined;
    partials(graph, node).forEach((partial, k) => {
      const inner = tangents.get(node.args[k] as number);
      if (!inner || partial === undefined) return;
      const term = along(inner, partial);
      total = total ? total.plus(term) : term;
    });
    if (total) tangents.set(node.id, total);
  }
  const outputs = program.outputs.map((id) => (tangents.get(id) ?? Real.constant(graph, 0)).id);
  return new Program(graph, outputs, [], { ...slots, stored: slots.stored * 2 });
}

/** True where the outputs are linear in the stored values: their tangent reads only the direction. */
export function isLinear(program: Program): boolean {
  const { stored } = program.slots;
  return tangent(program).nodes.every((node) => node.op !== 'at' || node.value >= stored);
}

function requireReal(graph: Graph, id: number, operation: string): void {
  const { op, type } = graph.at(id);
  if (type !== 'real')
    throw new ArgumentError({ operation, expected: 'real outputs', actual: `a word (${op})` });
}
