import { Graph, Program } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import {
  type BoundPlan,
  bindPlan,
  full,
  type PlanOptions,
  PlanRecording,
  planOf,
  runCall,
  runCast,
  runGather,
  runMap,
  runReduce,
  runScatterAdd,
  type Tensor,
  tensor,
  updateInPlace,
  useBackend,
  virtualMatmulCall,
} from '@funhash/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import type { WasmBackend } from '../backend.ts';
import { singleThreaded } from '../single.ts';
import { product, runWithoutKernels, scaled, wave } from './plans.spec-kit.ts';

let backend: WasmBackend;
beforeAll(async () => {
  backend = singleThreaded();
  await useBackend(backend, { strict: true });
});

/** V[i, j] = w[j]. */
const byColumn = ((): Program => {
  const graph = new Graph();
  const slots = { stored: 1, uniforms: 0, scalars: 0, inputs: 0 };
  return new Program(graph, [graph.node('at', [graph.node('col')], 0)], [], slots);
})();

function planned(body: () => Record<string, Tensor>, options: PlanOptions): BoundPlan {
  return bindPlan(planOf(body, options));
}

describe('calls without script', () => {
  test.each<[string, (x: Tensor, index: Tensor) => Tensor]>([
    ['products', (x) => product(x, wave([7, 9], 3))],
    ['products of one row', (x) => product(x.view([1, 7], [7, 1], 7), wave([7, 9], 3))],
    [
      'maps of strided operands',
      (x) => runMap('f', scaled, [x, x.view([5, 7], [0, 1], 7)], [2])[0] as Tensor,
    ],
    ['reductions', (x) => runReduce('sum', x, [0])],
    ['reductions of nothing', (x) => runReduce('max', x.view([5, 1, 7], [7, 7, 1], 0), [1])],
    ['transposed copies', (x) => x.view([7, 5], [1, 7], 0).contiguous()],
    ['fills', (x) => runMap('f', scaled, [x, full([5, 7], -2.5)], [1])[0] as Tensor],
    ['rows by index', (x, index) => runGather(x, index)],
    ['sums by index', (x, index) => runScatterAdd(x.view([2, 7], [7, 1], 0), index, 4)],
  ])('%s', (_, f) => {
    const [x, index] = [wave([5, 7]), tensor([0, 3], [2], { dtype: 'i32' })];
    const bound = planned(() => ({ y: f(x, index) }), { inputs: { x, index } });
    const [second, others] = [wave([5, 7], 40), tensor([3, 1], [2], { dtype: 'i32' })];
    bound.set('x', second.dataSync());
    bound.set('index', others.dataSync());
    runWithoutKernels(backend, bound);
    expect(bound.readSync('y')).toEqual(f(second, others).dataSync());
    bound.dispose();
  });

  test('numbers are those that were set last', () => {
    const [w, g] = [wave([100]), wave([100], 2)];
    const rate = [0];
    const recording = new PlanRecording({ numbers: { rate } });
    recording.part(() => updateInPlace('step', scaled, [w], [g], rate));
    const bound = bindPlan(recording.finish({ w }));
    for (const value of [0.5, 0.25]) {
      const expected = w.dataSync().map((x, k) => x - Math.fround(value * (g.dataSync()[k] as number)));
      bound.set('rate', [value]);
      runWithoutKernels(backend, bound);
      expect(w.dataSync()).toEqual(expected);
    }
    bound.dispose();
  });
});

test('what script does stands between calls', () => {
  const x = wave([5, 7]);
  const body = (from: Tensor): { y: Tensor } => {
    const bytes = runCast(
      tensor(
        Uint8Array.from({ length: 35 }, (_, k) => k),
        [5, 7],
      ),
      'f32',
    );
    return { y: product(runMap('f', scaled, [from, bytes], [1])[0] as Tensor, wave([7, 3])) };
  };
  const bound = planned(() => body(x), { inputs: { x } });
  const second = wave([5, 7], 9);
  bound.set('x', second.dataSync());
  bound.run();
  expect(bound.readSync('y')).toEqual(body(second).y.dataSync());
  bound.dispose();
});

test('an index out of range is refused before anything behind it runs', () => {
  const [x, index, w] = [wave([5, 7]), tensor([0, 3], [2], { dtype: 'i32' }), wave([2, 7])];
  const bound = planned(
    () => {
      const y = runGather(x, index);
      updateInPlace('step', scaled, [w], [y], [1]);
      return { y };
    },
    { inputs: { index } },
  );
  const before = w.dataSync();
  for (const bad of [5, -1]) {
    bound.set('index', Int32Array.of(0, bad));
    expect(() => bound.run()).toThrow(ArgumentError);
    expect(() => bound.run()).toThrow('indices from 0 to 4');
  }
  expect(w.dataSync()).toEqual(before);
  bound.dispose();
});

test('a kernel of more calls than are written down runs as it is, and what was written for it is gone', () => {
  const [x, w] = [wave([3, 18000]), wave([2, 18000], 5)];
  const v = (program: Program) => ({
    program,
    rows: 18000,
    cols: 18000,
    uniforms: [],
    scalars: [],
    stored: [w],
  });
  const body = () => {
    const y = runMap('f', scaled, [x, runCall(virtualMatmulCall(x, v(byColumn)))], [0.5])[0] as Tensor;
    return { y, z: runCall(virtualMatmulCall(y, v(byColumn))) };
  };
  const recorded = planOf(body, { inputs: { x } });
  const expected = body().z.dataSync();
  const { usedBytes } = backend.memoryUsage();
  const bound = bindPlan(recorded);
  // Its tensors, of [3, 18000] each, and no operands of thousands of panels.
  expect(backend.memoryUsage().usedBytes - usedBytes).toBeLessThan(1_000_000);
  bound.set('x', x.dataSync());
  bound.run();
  expect(bound.readSync('z')).toEqual(expected);
  bound.dispose();
  expect(backend.memoryUsage().usedBytes).toBe(usedBytes);
});

test('binding changes nothing, and memory is given back', () => {
  const w = wave([64]);
  const values = w.dataSync();
  const recorded = planOf(() => {
    updateInPlace('step', scaled, [w], [runMap('f', scaled, [w, full([64], 3)], [1])[0] as Tensor], [1]);
    return { w };
  });
  const { usedBytes } = backend.memoryUsage();
  const moved = w.dataSync();
  expect(moved).not.toEqual(values);
  const bound = bindPlan(recorded);
  expect(w.dataSync()).toEqual(moved);
  expect(backend.memoryUsage().usedBytes).toBeGreaterThan(usedBytes);
  const during = backend.memoryUsage();
  for (let k = 0; k < 10_000; k++) bound.run();
  expect(backend.memoryUsage()).toEqual(during);
  bound.dispose();
  expect(backend.memoryUsage().usedBytes).toBe(usedBytes);
});
