import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Graph } from './graph.ts';
import { Interpreter } from './interpreter.ts';
import { Program, tracePointwise } from './program.ts';
import { Real, realMeaning } from './real.ts';
import { Word } from './word.ts';

type Operation = keyof typeof realMeaning;

const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-30,
  1e30,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];
const number = fc.oneof(fc.constantFrom(...special), fc.double({ min: -10, max: 10 }));
const pinned = { seed: 21, numRuns: 300 };
const binary: readonly Operation[] = ['plus', 'minus', 'times', 'over', 'maximum', 'minimum', 'gatedBy'];
const operations = Object.keys(realMeaning) as Operation[];

const apply = (operation: Operation, a: Real, b: Real): Real =>
  binary.includes(operation)
    ? a[operation as 'plus'](b)
    : (a as unknown as Record<Operation, () => Real>)[operation]();

function run(statement: (inputs: readonly Real[]) => readonly Real[], inputs: readonly number[]): number[] {
  const program = tracePointwise(inputs.length, 0, statement);
  const panel = { rows: 1, cols: 1, firstRow: 0, firstCol: 0, uniforms: [], scalars: [], stored: [] };
  return new Interpreter(program, 'f64', 1)
    .run({ ...panel, inputs: inputs.map((x) => Float64Array.of(x)) })
    .map((out) => out[0] as number);
}

// The sign of zero is not part of the meaning: x + 0 is x, and −0 + 0 would be 0.
const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

describe.each(operations)('%s', (operation) => {
  test('evaluates to its meaning, with the IEEE rules for infinities and NaN', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const meaning = realMeaning[operation] as (a: number, b: number) => number;
        const [run1] = run(([x, y]) => [apply(operation, x as Real, y as Real)], [a, b]);
        expect(same(run1 as number, meaning(a, b))).toBe(true);
      }),
      pinned,
    );
  });

  test('folds constants to the value that evaluation gives', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        // 0·x folds to 0 and thereby hides a NaN; the simplification is exact only for finite operands.
        fc.pre(Number.isFinite(a) && Number.isFinite(b));
        const graph = new Graph();
        const folded = graph.at(apply(operation, Real.constant(graph, a), Real.constant(graph, b)).id);
        expect(folded.op).toBe('real');
        const [value] = run(([x, y]) => [apply(operation, x as Real, y as Real)], [a, b]);
        expect(same(folded.value, value as number)).toBe(true);
      }),
      pinned,
    );
  });

  test('gives the same with one constant operand', () => {
    fc.assert(
      fc.property(fc.double({ min: -10, max: 10, noNaN: true }), fc.constantFrom(0, 1, -1, 2.5), (a, b) => {
        const [expected] = run(([x, y]) => [apply(operation, x as Real, y as Real)], [a, b]);
        const [right] = run(([x]) => [apply(operation, x as Real, Real.constant((x as Real).graph, b))], [a]);
        expect(same(right as number, expected as number)).toBe(true);
        if (!binary.includes(operation)) return;
        const [left] = run(([y]) => [apply(operation, Real.constant((y as Real).graph, a), y as Real)], [b]);
        expect(same(left as number, expected as number)).toBe(true);
      }),
      pinned,
    );
  });
});

test('identities make no nodes', () => {
  const graph = new Graph();
  const x = Real.from(graph, graph.node('input', [], 0));
  const constant = (value: number): Real => Real.constant(graph, value);
  for (const same of [
    x.plus(0),
    constant(0).plus(x),
    x.minus(0),
    x.times(1),
    constant(1).times(x),
    x.over(1),
  ])
    expect(same.id).toBe(x.id);
  expect(x.negate().negate().id).toBe(x.id);
  expect(x.times(-1).id).toBe(x.negate().id);
  expect(constant(0).minus(x).id).toBe(x.negate().id);
  expect(x.times(0).id).toBe(constant(0).id);
  expect(x.ifPositive(3, 3).id).toBe(constant(3).id);
  expect(Real.select(graph, graph.node('row'), x, x).id).toBe(x.id);
});

test('a product with a mask is a choice', () => {
  const graph = new Graph();
  const x = Real.from(graph, graph.node('input', [], 0));
  const y = Real.from(graph, graph.node('input', [], 1));
  const row = new Word(graph, graph.node('row'));
  expect(graph.at(x.times(row.select(1, 0)).id)).toMatchObject({ op: 'select' });
  expect(x.times(row.select(1, 0)).id).toBe(row.select(x, 0).id);
  expect(y.ifPositive(0, 1).times(x).id).toBe(y.ifPositive(0, x).id);
  fc.assert(
    fc.property(
      fc.double({ min: -9, max: 9, noNaN: true }),
      fc.double({ noNaN: true, min: -9, max: 9 }),
      (a, b) => {
        const [choice] = run(([p, q]) => [(p as Real).ifPositive(1, 0).times(q as Real)], [a, b]);
        expect(same(choice as number, (a > 0 ? 1 : 0) * b)).toBe(true);
      },
    ),
    pinned,
  );
});

test('select and ifPositive choose; NaN is not positive', () => {
  expect(run(([x]) => [(x as Real).ifPositive(2, 3)], [Number.NaN])).toEqual([3]);
  expect(run(([x]) => [(x as Real).ifPositive(2, 3)], [0])).toEqual([3]);
  expect(run(([x]) => [(x as Real).ifPositive(2, 3)], [1e-300])).toEqual([2]);
  const graph = new Graph();
  const choice = new Word(graph, graph.node('uniform', [], 0)).select(2, 3);
  const program = new Program(graph, [choice.id], [], { stored: 0, inputs: 0, uniforms: 1, scalars: 0 });
  const panel = { rows: 1, cols: 1, firstRow: 0, firstCol: 0, scalars: [], stored: [], inputs: [] };
  const interpreter = new Interpreter(program, 'f32', 1);
  const chosen = [0, 1, 2, 0x80000000].map((word) => interpreter.run({ ...panel, uniforms: [word] })[0]?.[0]);
  expect(chosen).toEqual([3, 2, 2, 2]);
});
