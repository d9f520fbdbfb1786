import { type Real, tracePointwise } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { tensor } from '../create.ts';
import { assign, runMap, runPlace, updateInPlace } from '../dispatch.ts';
import { scope } from '../scope.ts';
import type { Tensor } from '../tensor.ts';
import { bindPlan } from './bind.ts';
import { withConstantsFirst, withoutCopies, withoutDeadCalls } from './passes.ts';
import type { Plan } from './plan.ts';
import { PlanRecording, planOf } from './plan-of.ts';
import type { RecordedPlan } from './plan-recorder.ts';

const double = tracePointwise(1, 0, ([x]) => [(x as Real).times(2)]);
const sum = tracePointwise(2, 0, ([a, b]) => [(a as Real).plus(b as Real)]);
const doubled = (x: Tensor): Tensor => runMap('double', double, [x])[0] as Tensor;
const added = (a: Tensor, b: Tensor): Tensor => runMap('sum', sum, [a, b])[0] as Tensor;
/** A copy by a call of its own. */
const copied = (x: Tensor): Tensor => runPlace([x], x.shape, [x.shape.map(() => 0)]);
const kernels = ({ calls }: Plan): string[] => calls.map(({ kernel }) => kernel);

/** What plans give for other inputs, run twice. */
function outputsOf(recorded: RecordedPlan, plan: Plan): number[][] {
  const bound = bindPlan(recorded.with(plan));
  const found = [1, 10].map((factor, k) => {
    bound.set(
      'x',
      Float32Array.of(1, 2, 3, 4, 5, 6).map((x) => factor * x),
    );
    if (k === 0 || plan.parts === 1) bound.run();
    else bound.run(1);
    return [...(bound.readSync('y') ?? [])];
  });
  bound.dispose();
  return found;
}

const x = tensor([1, 2, 3, 4, 5, 6], [2, 3]);

describe('withoutCopies', () => {
  test.each<[string, () => Tensor, string[]]>([
    ['a copy of the input', () => doubled(copied(x)), ['map']],
    ['a copy of a copy', () => doubled(copied(copied(x))), ['map']],
    [
      'a row, and a row of its copy',
      () => added(doubled(copied(x.view([3], [1], 3))), x.view([3], [1], 0)),
      ['map', 'map'],
    ],
    ['a row of a copied row', () => doubled(copied(x.view([4], [1], 2)).view([2], [1], 1)), ['map']],
    ['a transposed copy stays', () => doubled(copied(x.view([3, 2], [1, 3], 0))), ['copy', 'map']],
    ['an output stays', () => copied(doubled(x)), ['map', 'copy']],
  ])('%s', (_, body, expected) => {
    const recorded = planOf(() => ({ y: body() }), { inputs: { x } });
    const plan = withoutCopies(recorded.plan);
    expect(kernels(plan)).toEqual(expected);
    expect(outputsOf(recorded, plan)).toEqual(outputsOf(recorded, recorded.plan));
  });

  test('a copy stays whose original is written before it is read', () => {
    const w = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    const start = w.dataSync();
    const recorded = planOf(
      () => {
        const before = copied(w);
        updateInPlace('sum', sum, [w], [x], []);
        return { y: added(before, x) };
      },
      { inputs: { x } },
    );
    const reset = () => scope(() => assign(w, tensor(start, [2, 3])));
    reset();
    const expected = outputsOf(recorded, recorded.plan);
    reset();
    expect(kernels(withoutCopies(recorded.plan))).toEqual(['copy', 'map', 'map']);
    expect(outputsOf(recorded, withoutCopies(recorded.plan))).toEqual(expected);
  });
});

test('a copy stays that keeps an input for a later part', () => {
  const recording = new PlanRecording({ inputs: { x } });
  const plan = scope(() => {
    const before = recording.part(() => copied(x));
    return recording.finish(recording.part(() => ({ y: doubled(before) }))).plan;
  });
  expect(withoutCopies(plan)).toEqual(plan);
});

test('withoutDeadCalls leaves what is read, what is kept, and nothing else', () => {
  const w = tensor([0, 0, 0, 0, 0, 0], [2, 3]);
  const recorded = planOf(
    () => {
      doubled(doubled(x));
      assign(w, x);
      return { y: added(doubled(x), x) };
    },
    { inputs: { x } },
  );
  const plan = withoutDeadCalls(recorded.plan);
  expect(kernels(plan)).toEqual(['copy', 'map', 'map']);
  expect(outputsOf(recorded, plan)).toEqual(outputsOf(recorded, recorded.plan));
});

test('withConstantsFirst runs once what depends on no input', () => {
  const w = tensor([1, 1, 1, 2, 2, 2], [2, 3]);
  const recorded = planOf(() => ({ y: added(doubled(doubled(x)), doubled(doubled(w))) }), { inputs: { x } });
  const plan = withConstantsFirst(recorded.plan);
  expect(plan.calls.map(({ part }) => part)).toEqual([0, 0, 1, 1, 1]);
  expect(plan.buffers.filter(({ kind }) => kind === 'kept')).toHaveLength(1);
  expect(outputsOf(recorded, plan)).toEqual(outputsOf(recorded, recorded.plan));
});

test('what is no plan is refused', () => {
  for (const pass of [withoutCopies, withoutDeadCalls, withConstantsFirst])
    expect(() => pass({} as never)).toThrow(ArgumentError);
});
