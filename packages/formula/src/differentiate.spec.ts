import { ArgumentError, random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adjoint, isLinear, tangent } from './differentiate.ts';
import { Graph } from './graph.ts';
import { Interpreter } from './interpreter.ts';
import { Program, tracePointwise } from './program.ts';
import { Real } from './real.ts';
import { anyProgram, programSlots } from './testing/any-program.ts';
import { Word } from './word.ts';

const pinned = { seed: 24, numRuns: 120 };
const [rows, cols] = [3, 4];
const size = rows * cols;
const step = 1e-5;

type Arrays = readonly Float64Array[];

const draw = (seed: number, lengths: readonly number[]): Float64Array[] => {
  const generator = random(seed);
  return lengths.map((length) => generator.fillUniform(new Float64Array(length), -1, 1));
};
const dot = (a: Arrays, b: Arrays): number =>
  a.reduce((sum, x, k) => sum + x.reduce((part, value, i) => part + value * (b[k]?.[i] as number), 0), 0);
const along = (x: Arrays, direction: Arrays, t: number): Float64Array[] =>
  x.map((values, k) => values.map((value, i) => value + t * (direction[k]?.[i] as number)));

/** Outputs and sinks of a panel of rows × cols entries. */
function run(program: Program, stored: Arrays, inputs: Arrays) {
  const sinks = stored.map(({ length }) => new Float64Array(length));
  const panel = { rows, cols, firstRow: 2, firstCol: 5, uniforms: [77, 78], scalars: [0.7] };
  const outputs = new Interpreter(program, 'f64', size).run({ ...panel, stored, inputs, sinks });
  return { outputs: outputs.map((out) => Float64Array.from(out.subarray(0, size))), sinks };
}

/** The operands that a program of `anyProgram` reads, a direction for each, and cotangents of its outputs. */
function operands(program: Program, seed: number) {
  const entries = Array.from({ length: program.slots.inputs }, () => size);
  return {
    stored: draw(seed, programSlots.storedLengths),
    direction: draw(seed + 1, programSlots.storedLengths),
    inputs: draw(seed + 2, entries),
    inputDirection: draw(seed + 3, entries),
    cotangents: draw(
      seed + 4,
      program.outputs.map(() => size),
    ),
  };
}

function requireEqual(actual: number, expected: number, tolerance = 1e-7): void {
  if (!(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected))))
    throw new Error(`expected ${expected}, got ${actual}`);
}

const smooth = anyProgram({ smooth: true });
const seeds = fc.nat({ max: 2 ** 30 });

describe('adjoint', () => {
  test('of stored values and operands agrees with central differences', () => {
    fc.assert(
      fc.property(smooth, seeds, (program, seed) => {
        const { stored, direction, inputs, inputDirection, cotangents } = operands(program, seed);
        const at = (t: number): number =>
          dot(
            run(program, along(stored, direction, t), along(inputs, inputDirection, t)).outputs,
            cotangents,
          );
        const { outputs, sinks } = run(adjoint(program), stored, [...inputs, ...cotangents]);
        expect(outputs).toHaveLength(inputs.length);
        const slope = dot(sinks, direction) + dot(outputs, inputDirection);
        requireEqual(slope, (at(step) - at(-step)) / (2 * step));
      }),
      pinned,
    );
  });

  test('reads a cotangent for each output and adds to no other slot', () => {
    const program = tracePointwise(2, 1, ([a, b], [s]) => [
      (a as Real).times(b as Real),
      (a as Real).times(s as Real),
    ]);
    const back = adjoint(program);
    expect(back.slots).toEqual({ stored: 0, inputs: 4, uniforms: 0, scalars: 1 });
    expect(back.sinks).toEqual([]);
    const inputs = [[2], [3], [10], [100]].map((values) => Float64Array.from(values));
    const panel = {
      rows: 1,
      cols: 1,
      firstRow: 0,
      firstCol: 0,
      uniforms: [],
      scalars: [5],
      stored: [],
      inputs,
    };
    const gradients = new Interpreter(back, 'f64', 1).run(panel).map((out) => out[0]);
    expect(gradients).toEqual([10 * 3 + 100 * 5, 10 * 2]);
  });

  test('of an operand that does not matter is 0; a node that is two outputs has both cotangents', () => {
    const program = tracePointwise(2, 0, ([a]) => [(a as Real).exp(), (a as Real).exp()]);
    const inputs = [[0], [9], [2], [3]].map((values) => Float64Array.from(values));
    const panel = {
      rows: 1,
      cols: 1,
      firstRow: 0,
      firstCol: 0,
      uniforms: [],
      scalars: [],
      stored: [],
      inputs,
    };
    const gradients = new Interpreter(adjoint(program), 'f64', 1).run(panel).map((out) => out[0]);
    expect(gradients).toEqual([5, 0]);
  });

  test('shares the forward expressions', () => {
    const program = tracePointwise(1, 0, ([x]) => [(x as Real).exp()]);
    expect(adjoint(program).nodes.filter(({ op }) => op === 'exp')).toHaveLength(1);
  });

  test('refuses a word as output', () => {
    const graph = new Graph();
    const program = new Program(graph, [graph.node('row')], [], {
      stored: 0,
      inputs: 0,
      uniforms: 0,
      scalars: 0,
    });
    expect(() => adjoint(program)).toThrow(ArgumentError);
  });
});

describe('at kinks the derivative is', () => {
  const derivatives = (
    statement: (a: Real, b: Real) => Real,
    a: number,
    b: number,
  ): (number | undefined)[] => {
    const program = adjoint(tracePointwise(2, 0, ([x, y]) => [statement(x as Real, y as Real)]));
    const inputs = [[a], [b], [1]].map((values) => Float64Array.from(values));
    const panel = {
      rows: 1,
      cols: 1,
      firstRow: 0,
      firstCol: 0,
      uniforms: [],
      scalars: [],
      stored: [],
      inputs,
    };
    return new Interpreter(program, 'f64', 1).run(panel).map((out) => out[0]);
  };

  test.each<[string, (a: Real, b: Real) => Real, [number, number], [number, number]]>([
    ['maximum, left', (a, b) => a.maximum(b), [2, 1], [1, 0]],
    ['maximum, right', (a, b) => a.maximum(b), [1, 2], [0, 1]],
    ['maximum, shared', (a, b) => a.maximum(b), [1, 1], [0.5, 0.5]],
    ['minimum, left', (a, b) => a.minimum(b), [1, 2], [1, 0]],
    ['minimum, shared', (a, b) => a.minimum(b), [1, 1], [0.5, 0.5]],
    ['relu at 0', (a) => a.relu(), [0, 0], [0, 0]],
    ['relu above', (a) => a.relu(), [3, 0], [1, 0]],
    ['relu below', (a) => a.relu(), [-3, 0], [0, 0]],
    ['abs below', (a) => a.abs(), [-3, 0], [-1, 0]],
    ['abs at 0', (a) => a.abs(), [0, 0], [0, 0]],
    ['sign', (a) => a.sign(), [3, 0], [0, 0]],
    ['floor', (a) => a.floor(), [3.5, 0], [0, 0]],
    ['ifPositive, taken', (a, b) => a.ifPositive(b, 5), [1, 7], [0, 1]],
    ['ifPositive, not taken', (a, b) => a.ifPositive(b, 5), [-1, 7], [0, 0]],
  ])('%s', (_, statement, [a, b], expected) => {
    expect(derivatives(statement, a, b).map((x) => (x as number) + 0)).toEqual(expected);
  });
});

describe('tangent', () => {
  test('agrees with central differences', () => {
    fc.assert(
      fc.property(smooth, seeds, (program, seed) => {
        const { stored, direction, inputs, cotangents } = operands(program, seed);
        const at = (t: number): number =>
          dot(run(program, along(stored, direction, t), inputs).outputs, cotangents);
        const { outputs } = run(tangent(program), [...stored, ...direction], inputs);
        requireEqual(dot(outputs, cotangents), (at(step) - at(-step)) / (2 * step));
      }),
      pinned,
    );
  });

  test('and adjoint are transposed to each other, kinks and all', () => {
    fc.assert(
      fc.property(anyProgram(), seeds, (program, seed) => {
        const { stored, direction, inputs, cotangents } = operands(program, seed);
        const forward = run(tangent(program), [...stored, ...direction], inputs).outputs;
        const { sinks } = run(adjoint(program), stored, [...inputs, ...cotangents]);
        requireEqual(dot(forward, cotangents), dot(direction, sinks), 1e-12);
      }),
      pinned,
    );
  });
});

test('the adjoint of the tangent gives second derivatives', () => {
  fc.assert(
    fc.property(smooth, seeds, (program, seed) => {
      const { stored, direction, inputs, cotangents } = operands(program, seed);
      const gradient = (t: number): Float64Array[] =>
        run(adjoint(program), along(stored, direction, t), [...inputs, ...cotangents]).sinks;
      const second = adjoint(tangent(program));
      const { sinks } = run(second, [...stored, ...direction], [...inputs, ...cotangents]);
      const [ahead, behind] = [gradient(step), gradient(-step)];
      sinks.slice(0, stored.length).forEach((values, slot) => {
        values.forEach((value, i) => {
          requireEqual(
            value,
            ((ahead[slot]?.[i] as number) - (behind[slot]?.[i] as number)) / (2 * step),
            1e-6,
          );
        });
      });
      // In the direction the tangent is linear: its gradient there is the first derivative.
      gradient(0).forEach((values, slot) => {
        values.forEach((value, i) => {
          requireEqual(sinks[stored.length + slot]?.[i] as number, value, 1e-12);
        });
      });
    }),
    pinned,
  );
});

test('isLinear tells whether derivatives depend on the stored values', () => {
  const linear = (entry: (a: Real, b: Real, row: Word, scalar: Real) => Real): boolean => {
    const graph = new Graph();
    const row = new Word(graph, graph.node('row'));
    const stored = (slot: number): Real => Real.from(graph, graph.node('at', [row.id], slot));
    const scalar = Real.from(graph, graph.node('scalar', [], 0));
    const { id } = entry(stored(0), stored(1), row, scalar);
    return isLinear(new Program(graph, [id], [], { stored: 2, inputs: 0, uniforms: 0, scalars: 1 }));
  };
  expect(linear((a) => a)).toBe(true);
  expect(linear((a, b, row, s) => a.times(row.asSign()).plus(b.times(s)))).toBe(true);
  expect(linear((a, b, row) => row.select(a, b.negate()))).toBe(true);
  expect(linear((a, _, __, s) => a.over(s.exp()))).toBe(true);
  expect(linear((a, b) => a.times(b))).toBe(false);
  expect(linear((a) => a.tanh())).toBe(false);
  expect(linear((a) => a.relu())).toBe(false);
  expect(linear((a, b) => a.over(b))).toBe(false);
});
