import {
  bindPlan,
  currentBackend,
  full,
  PlanError,
  planOf,
  runArgMax,
  runGather,
  runMap,
  runReduce,
  type Tensor,
  type TypedArray,
  tensor,
  useBackend,
} from '@funhash/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backendOn } from '../backend.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { Threads } from '../threads/threads.ts';
import { type CompiledPlan, compilePlan } from './compile-plan.ts';
import { product, scaled, wave } from './plans.spec-kit.ts';

const atStart = currentBackend();
beforeAll(async () => {
  await useBackend(backendOn(new Threads(new LinearMemory(false)), { madd: false }));
});
afterAll(async () => void (await useBackend(atStart)));

/** Runs compiled code with nothing but what stands in it. */
function started(plan: CompiledPlan, states: Readonly<Record<string, TypedArray>>) {
  const memory = new WebAssembly.Memory({ initial: plan.pages });
  const at = ({ address, length }: { readonly address: number; readonly length: number }) => ({
    f32: new Float32Array(memory.buffer, address, length),
    i32: new Int32Array(memory.buffer, address, length),
  });
  for (const { address, bytes } of plan.segments) new Uint8Array(memory.buffer).set(bytes, address);
  for (const [name, place] of Object.entries(plan.states)) at(place).f32.set(states[name] as TypedArray);
  const instance = (bytes: Uint8Array, imports: WebAssembly.Imports) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), imports).exports as Record<
      string,
      () => number
    >;
  const modules = plan.modules.map((bytes) => instance(bytes, { host: { memory } }));
  const parts = plan.parts.map(({ code, imports }) => {
    const f = Object.fromEntries(imports.map(([module, name], k) => [k, modules[module]?.[name]]));
    return instance(code, { f: f as WebAssembly.ModuleImports }).run as () => number;
  });
  return { at, run: () => parts.map((part) => part()) };
}

describe('compiled plans', () => {
  test.each<[string, (x: Tensor, index: Tensor, w: Tensor) => Tensor]>([
    ['products', (x, _, w) => product(x, w)],
    ['products of one row', (x, _, w) => product(x.view([1, 7], [7, 1], 7), w)],
    [
      'maps of strided operands',
      (x) => runMap('f', scaled, [x, x.view([5, 7], [0, 1], 7)], [2])[0] as Tensor,
    ],
    ['reductions', (x) => runReduce('max', x, [0])],
    ['transposed copies', (x) => x.view([7, 5], [1, 7], 0).contiguous()],
    ['fills and constants', (x) => runMap('f', scaled, [x, full([5, 7], -2.5)], [1])[0] as Tensor],
    ['rows by index', (x, index) => runGather(x, index)],
  ])('%s give the bits of their backend', (_, f) => {
    const [x, index, w] = [wave([5, 7]), tensor([0, 3], [2], { dtype: 'i32' }), wave([7, 9], 3)];
    const recorded = planOf(() => ({ y: f(x, index, w) }), {
      inputs: { x, index },
      states: new Map([['w', w]]),
    });
    const bound = bindPlan(recorded);
    const { at, run } = started(compilePlan(recorded), { w: w.dataSync() });
    const { inputs, outputs } = compilePlan(recorded);
    for (const phase of [40, 2]) {
      bound.set('x', wave([5, 7], phase).dataSync());
      bound.set('index', Int32Array.of(1, 4));
      bound.run();
      if (inputs.x) at(inputs.x).f32.set(wave([5, 7], phase).dataSync());
      if (inputs.index) at(inputs.index).i32.set([1, 4]);
      expect(run()).toEqual([0]);
      expect(at(outputs.y as NonNullable<typeof outputs.y>).f32).toEqual(bound.readSync('y'));
    }
    if (inputs.index && recorded.plan.calls.some(({ kernel }) => kernel === 'gather')) {
      at(inputs.index).i32.set([1, 5]);
      expect(run()[0]).toBeGreaterThan(0);
    }
    bound.dispose();
  });

  test('hold only the functions that they call', () => {
    const x = wave([5, 7]);
    const { modules } = compilePlan(
      planOf(() => ({ y: x.view([7, 5], [1, 7], 0).contiguous() }), { inputs: { x } }),
    );
    expect(modules).toHaveLength(1);
    expect(modules[0]?.length).toBeLessThan(1500);
  });

  test('what script does is refused', () => {
    const x = wave([5, 7]);
    expect(() => compilePlan(planOf(() => ({ y: runArgMax(x) }), { inputs: { x } }))).toThrow(PlanError);
  });
});
