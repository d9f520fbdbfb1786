import { Graph, Program, Real, tracePointwise, Word } from '@funhash/formula';
import { FunhashError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensor } from '../create.ts';
import { assign, runArgMax, runGather, runMap, runPlace, runReduce, updateInPlace } from '../dispatch.ts';
import { PlanError } from '../errors.ts';
import { matmulCall, runVirtualRows, virtualMatmulCall } from '../products.ts';
import { runCall } from '../run-kernel.ts';
import type { Tensor } from '../tensor.ts';
import { bindPlan } from './bind.ts';
import type { Plan } from './plan.ts';
import { planFromJson, planToJson } from './plan-json.ts';
import { PlanRecording } from './plan-of.ts';
import { isSamePlan } from './same-plan.ts';

const wave = (shape: readonly number[], phase = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + phase)),
    shape,
  );
const scaled = tracePointwise(2, 1, ([w, g], [rate]) => [(w as Real).minus((rate as Real).times(g as Real))]);
const relu = tracePointwise(1, 0, ([x]) => [(x as Real).relu()]);

function hashedEntry(): Program {
  const graph = new Graph();
  const word = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
  const h = word('row').times(2654435761).xor(word('col').rotl(7)).plus(word('uniform', 1));
  const value = Real.from(graph, graph.node('at', [h.below(word('uniform', 0)).id], 0));
  return new Program(graph, [value.times(h.asSign()).id], [], {
    stored: 1,
    inputs: 0,
    uniforms: 2,
    scalars: 0,
  });
}

/** A plan with most of what plans can have, of two parts. */
function recorded() {
  const [x, index, w, stored] = [
    wave([4, 6]),
    tensor([0, 3], [2], { dtype: 'i32' }),
    wave([6, 5], 3),
    wave([7], 2),
  ];
  const v = { program: hashedEntry(), rows: 5, cols: 6, uniforms: [7, 12345], scalars: [], stored: [stored] };
  const rate = [0.5];
  const recording = new PlanRecording({
    inputs: { x, index },
    states: new Map([
      ['w', w],
      ['stored', stored],
    ]),
    numbers: { rate },
    words: [12345],
  });
  const g = recording.part(() => {
    const product = runCall(matmulCall(x, w, { bias: wave([5], 4), activation: relu }));
    const hashed = runCall(virtualMatmulCall(x, v, { activation: relu }));
    const rows = runVirtualRows(v, tensor([1, 1], [2], { dtype: 'i32' }));
    const placed = runPlace(
      [runGather(product, index), runGather(hashed, index)],
      [4, 5],
      [
        [0, 0],
        [2, 0],
      ],
      -Infinity,
    );
    recording.output('place', runArgMax(placed));
    recording.output('rows', rows);
    return runReduce('sum', runMap('f', scaled, [placed, hashed], [-0])[0] as Tensor, [0]).view([5], [1], 0);
  });
  recording.output('g', g);
  recording.part(() => {
    const row = w.view([1, 5], [5, 1], 5);
    assign(w, runMap('f', scaled, [w, row.view([6, 5], [0, 1], 5)], [1])[0] as Tensor);
    updateInPlace('step', scaled, [w], [w], rate);
  });
  return recording.finish();
}

const textOf = (plan: Plan): string => JSON.stringify(planToJson(plan));

describe('plans as JSON', () => {
  test('are the same plan again', () => {
    const own = recorded();
    const again = own.with(planFromJson(JSON.parse(textOf(own.plan))));
    expect(isSamePlan(own, again)).toBe(true);
    expect(textOf(again.plan)).toBe(textOf(own.plan));
    const bound = bindPlan(again);
    bound.set('x', wave([4, 6], 9).dataSync());
    bound.set('index', Int32Array.of(1, 2));
    bound.set('rate', [0.25]);
    bound.setWords([99]);
    bound.run();
    expect(bound.readSync('g')).toHaveLength(5);
    bound.dispose();
  });

  test.each<[string, (json: ReturnType<typeof planToJson> & Record<string, unknown>) => unknown]>([
    ['another version', (json) => Object.assign(json, { version: 2 })],
    ['an unknown kernel', (json) => (json.calls as unknown as unknown[][])[0]?.splice(0, 1, 'constructor')],
    [
      'a buffer beyond what was allowed',
      (json) => Object.assign(json.buffers[0] as object, { length: 2 ** 31 }),
    ],
    ['a view beyond its buffer', (json) => Object.assign(json.outputs.g as object, { offset: 1 })],
    ['a later part before an earlier', (json) => (json.calls as unknown[]).reverse()],
    ['a program that is not there', (json) => (json.programs as unknown[]).splice(0)],
    ['a word that is not drawn', (json) => Object.assign(json, { words: 0 })],
    ['two states of one name', (json) => json.buffers.map((buffer) => Object.assign(buffer, { name: 'a' }))],
    [
      'an input that is written',
      (json) => json.buffers.map((buffer) => Object.assign(buffer, { kind: 'constant' })),
    ],
  ])('%s is refused', (_, spoil) => {
    const json = JSON.parse(textOf(recorded().plan));
    spoil(json);
    expect(() => planFromJson(json, { maxBytes: 2 ** 20 })).toThrow(PlanError);
  });

  test('whatever is changed in one, it is refused by an error of this project, or runs', () => {
    const own = recorded();
    const text = textOf(own.plan);
    const token = /-?\d+(\.\d+)?|"[\w-]+"(?!:)|null/g;
    const count = text.match(token)?.length ?? 1;
    let runs = 0;
    const value = fc.oneof(
      fc.integer({ min: -2, max: 8 }),
      fc.integer(),
      fc.constantFrom('copy', 'f64', 'i32', 'state', 'temporary', 'input', null, [], {}, 1e300),
    );
    fc.assert(
      fc.property(fc.nat(), value, (place, changed) => {
        let at = 0;
        const spoilt = text.replace(token, (old) => (at++ === place % count ? JSON.stringify(changed) : old));
        try {
          const plan = planFromJson(JSON.parse(spoilt), { maxBytes: 2 ** 20 });
          const states = plan.buffers.every(
            ({ kind, dtype, length }, k) =>
              kind === own.plan.buffers[k]?.kind &&
              dtype === own.plan.buffers[k]?.dtype &&
              length === own.plan.buffers[k]?.length,
          );
          if (!states) return;
          const bound = bindPlan(own.with(plan));
          try {
            bound.run();
            runs++;
          } finally {
            bound.dispose();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FunhashError);
        }
      }),
      { seed: 5, numRuns: 600 },
    );
    expect(runs).toBeGreaterThan(20);
  });
});
