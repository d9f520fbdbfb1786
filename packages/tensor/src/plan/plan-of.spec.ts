import { tracePointwise } from '@funhash/formula';
import { ArgumentError, random } from '@funhash/hashing';
import { afterEach, describe, expect, test } from 'vitest';
import type { Backend } from '../backend.ts';
import { useBackend } from '../backends.ts';
import { tensor, zeros } from '../create.ts';
import { assign, runGather, runMap, runReduce, updateInPlace } from '../dispatch.ts';
import { PlanError } from '../errors.ts';
import { matmulCall } from '../products.ts';
import { referenceBackend } from '../reference/backend.ts';
import { runCall } from '../run-kernel.ts';
import { keep } from '../scope.ts';
import { memory } from '../storage.ts';
import type { Tensor } from '../tensor.ts';
import { bindPlan } from './bind.ts';
import { PlanRecording, planOf } from './plan-of.ts';
import { recordedWords } from './recorded-words.ts';

afterEach(() => useBackend('reference'));

const double = tracePointwise(1, 0, ([x]) => [(x as never as { times(n: number): never }).times(2)]);
const scaled = tracePointwise(2, 1, ([w, g], [rate]) => {
  if (!w || !g || !rate) throw new Error('operands');
  return [w.minus(rate.times(g))];
});
const product = (a: Tensor, b: Tensor): Tensor => runCall(matmulCall(a, b));
const doubled = (x: Tensor): Tensor => runMap('double', double, [x])[0] as Tensor;

describe('planOf', () => {
  test('repeats what was recorded, with other inputs', async () => {
    const [x, w] = [tensor([[1, 2]]), tensor([[1], [10]])];
    const bound = bindPlan(planOf(() => ({ y: product(doubled(x), w) }), { inputs: { x } }));
    expect([...(await bound.read('y'))]).toEqual([0]);
    bound.set('x', Float32Array.of(3, 4));
    bound.run();
    expect([...(await bound.read('y'))]).toEqual([86]);
    expect([...(bound.readSync('y') ?? [])]).toEqual([86]);
    expect(x.toArray()).toEqual([[1, 2]]);
    assign(w, tensor([[0], [1]]));
    bound.run();
    expect([...(await bound.read('y'))]).toEqual([8]);
    bound.dispose();
  });

  test('takes all memory when it is bound, and gives it back', () => {
    const x = keep(zeros([64]));
    const before = memory().bytes;
    const recorded = planOf(() => ({ y: doubled(doubled(doubled(doubled(x)))) }), { inputs: { x } });
    expect(memory().bytes).toBe(before);
    const bound = bindPlan(recorded);
    const during = memory();
    // Two temporaries live at one time, each with room behind it.
    expect(bound.temporaryBytes).toBe(2 * (64 * 4 + 256));
    for (let k = 0; k < 10_000; k++) bound.run();
    expect(memory()).toEqual(during);
    bound.dispose();
    bound.dispose();
    expect(memory().bytes).toBe(before);
    expect(() => bound.run()).toThrow(PlanError);
  });

  test('parts run one by one, numbers are set, and what is written in place is known to have changed', () => {
    const [x, w] = [keep(tensor([1, 2])), keep(tensor([10, 20]))];
    const rate = [0];
    const recording = new PlanRecording({ inputs: { x }, numbers: { rate }, states: new Map([['w', w]]) });
    const g = recording.part(() => doubled(x));
    expect(w.toArray()).toEqual([10, 20]);
    g.dataSync();
    recording.part(() => updateInPlace('step', scaled, [w], [g], rate));
    const recorded = recording.finish({ g });
    const { plan } = recorded;
    expect(plan.parts).toBe(2);
    expect(plan.buffers.find(({ kind }) => kind === 'state')).toMatchObject({ name: 'w', length: 2 });
    const bound = bindPlan(recorded);
    const version = w.storage.version;
    bound.set('x', Float32Array.of(1, 2));
    bound.set('rate', [0.5]);
    bound.run(0);
    expect(w.storage.version).toBe(version);
    expect(w.toArray()).toEqual([10, 20]);
    bound.run(1);
    expect(w.storage.version).toBe(version + 1);
    expect(w.toArray()).toEqual([9, 18]);
    bound.set('rate', [1]);
    bound.run();
    expect(w.toArray()).toEqual([7, 14]);
    expect(() => bound.run(2)).toThrow(ArgumentError);
    bound.dispose();
  });

  test('keeps what it was bound to alive', () => {
    const [x, w] = [tensor([[1]]), tensor([[5]])];
    const bound = bindPlan(planOf(() => ({ y: product(x, w) }), { inputs: { x } }));
    w.dispose();
    bound.set('x', Float32Array.of(2));
    bound.run();
    expect([...(bound.readSync('y') ?? [])]).toEqual([10]);
    bound.dispose();
  });

  test('a failing kernel leaves the state that later calls write', () => {
    const [x, index, w] = [tensor([1, 2, 3]), tensor([0, 2], [2], { dtype: 'i32' }), tensor([1, 1])];
    const recording = new PlanRecording({ inputs: { index }, numbers: {} });
    const rows = recording.part(() => runGather(x, index));
    recording.part(() => updateInPlace('step', scaled, [w], [rows], [1]));
    const bound = bindPlan(recording.finish({ rows }));
    bound.set('index', Int32Array.of(0, 7));
    const before = w.toArray();
    expect(() => bound.run()).toThrow('indices from 0 to 2');
    expect(w.toArray()).toEqual(before);
  });

  test('what stands outside moves to the backend of the plan, in front of it; what the plan has made does not', async () => {
    const w = tensor([1, 2]);
    const other: Backend = { ...referenceBackend, name: 'other' };
    await useBackend(other);
    const x = tensor([10, 20]);
    const sums = (a: Tensor): Tensor => runMap('f', scaled, [a, x], [-1])[0] as Tensor;
    const bound = bindPlan(planOf(() => ({ y: sums(w) }), { inputs: { x } }));
    bound.set('x', Float32Array.of(5, 6));
    bound.run();
    expect([...(await bound.read('y'))]).toEqual([6, 8]);
    await useBackend('reference');
    expect(() => planOf(() => ({ y: sums(tensor([1, 2])) }), { inputs: { x } })).toThrow(PlanError);
  });

  test('outputs may be inputs, constants, and windows', () => {
    const x = tensor([[1, 2]]);
    const bound = bindPlan(
      planOf(() => ({ x, c: tensor([7]), t: x.view([2, 1], [1, 2], 0), last: x.view([1], [1], 1) }), {
        inputs: { x },
      }),
    );
    bound.set('x', Float32Array.of(3, 4));
    bound.run();
    expect(['x', 'c', 't', 'last'].map((name) => [...(bound.readSync(name) ?? [])])).toEqual([
      [3, 4],
      [7],
      [3, 4],
      [4],
    ]);
  });
});

describe('refusals', () => {
  const x = keep(tensor([1, 2]));

  test.each<[string, () => unknown, string]>([
    ['reads', () => doubled(x).dataSync(), 'dataSync: '],
    ['reads of one element', () => runReduce('sum', x, [0]).item(), 'dataSync: '],
    ['plans inside', () => planOf(() => ({ y: x })), 'planOf: '],
    ['plans that run inside', () => inner.run(), 'run: '],
    ['numbers that are drawn', () => recordedWords(random(1)).random.normal(), 'random.normal: '],
  ])('of %s, where they stand', (_, act, place) => {
    expect(() =>
      planOf(() => {
        doubled(x);
        act();
        return { y: x };
      }),
    ).toThrow(expect.objectContaining({ message: expect.stringContaining(place) }));
    // Nothing records any longer.
    expect(x.dataSync()).toHaveLength(2);
  });
  const inner = bindPlan(planOf(() => ({ y: doubled(x) }), { inputs: { x } }));

  test('name the last kernel', () => {
    expect(() => planOf(() => ({ y: tensor(doubled(x).dataSync()) }))).toThrow('after call 1, map');
  });

  test('of other backends', async () => {
    const other: Backend = { ...referenceBackend, name: 'other' };
    await useBackend(other);
    const stranger = tensor([1, 2]);
    await useBackend('reference');
    expect(() => planOf(() => ({ y: doubled(stranger) }), { inputs: { x } })).toThrow(
      'kernels of backend reference',
    );
    expect(() =>
      planOf(() => ({ y: runMap('f', scaled, [x, stranger], [1])[0] as Tensor }), { inputs: { x } }),
    ).toThrow(PlanError);
  });

  test('of bodies that wait, and of results that are no tensors', () => {
    expect(() => planOf((async () => ({ y: x })) as never)).toThrow('at once');
    expect(() => planOf(() => x as never)).toThrow(ArgumentError);
    expect(() => planOf(() => ({}))).toThrow(ArgumentError);
    expect(() => planOf(3 as never)).toThrow('a function');
  });

  test('of inputs that are written, and of inputs that are windows', () => {
    const w = tensor([1, 2]);
    expect(() =>
      planOf(
        () => {
          updateInPlace('step', scaled, [w], [x], [1]);
          return { y: x };
        },
        { inputs: { w } },
      ),
    ).toThrow('left as they are');
    expect(() => planOf(() => ({ y: x }), { inputs: { w: w.view([1], [1], 1) } })).toThrow('a whole tensor');
  });

  test('of what a plan does not have', () => {
    const bound = bindPlan(planOf(() => ({ y: doubled(x) }), { inputs: { x } }));
    expect(() => bound.set('z', Float32Array.of(1))).toThrow('one of x');
    expect(() => bound.set('x', Float32Array.of(1))).toThrow('2 values of x');
    expect(() => bound.set('x', Float64Array.of(1, 2))).toThrow('f32');
    expect(() => bound.set('x', [1, 2])).toThrow('f32');
    expect(() => bound.setWords([1])).toThrow('0 values of words');
    expect(() => bound.readSync('z')).toThrow('one of y');
  });

  test('a recording that does not end for a refusal keeps the first', () => {
    const recording = new PlanRecording({});
    const y = recording.part(() => {
      const z = doubled(x);
      z.dataSync();
      return doubled(z);
    });
    expect(y.toArray()).toEqual([4, 8]);
    expect(recording.refusal?.message).toContain('dataSync');
    expect(() => recording.finish({ y })).toThrow(PlanError);
  });
});
