import { expect, test } from 'vitest';
import { full, tensor } from '../create.ts';
import { assign } from '../dispatch.ts';
import { keep } from '../scope.ts';
import type { Tensor } from '../tensor.ts';
import { planOf } from './plan-of.ts';
import { isSamePlan } from './same-plan.ts';

const x = keep(tensor([1, 2]));
const [w, v] = [keep(tensor([1, 2])), keep(tensor([1, 2]))];

function into(target: Tensor, value: number, constant: number, size = 2): Record<string, Tensor> {
  assign(target, x);
  return { c: tensor([constant]), y: full([size], value) };
}

test('recordings are the same where calls, tensors and constants are', () => {
  const recorded = (...args: Parameters<typeof into>) => planOf(() => into(...args), { inputs: { x } });
  const first = recorded(w, 1, 2);
  expect(isSamePlan(first, recorded(w, 1, 2))).toBe(true);
  for (const other of [
    recorded(v, 1, 2),
    recorded(w, 3, 2),
    recorded(w, 1, 3),
    recorded(w, 1, 2, 3),
    recorded(w, Number.NaN, 2),
  ])
    expect(isSamePlan(first, other)).toBe(false);
  expect(isSamePlan(recorded(w, 0, 2), recorded(w, -0, 2))).toBe(false);
  expect(isSamePlan(recorded(w, Number.NaN, 2), recorded(w, Number.POSITIVE_INFINITY, 2))).toBe(false);
});
