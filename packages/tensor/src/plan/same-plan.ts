import type { Program } from '@funhash/formula';
import type { TypedArray } from '../dtype.ts';
import type { Plan, PlanCall } from './plan.ts';
import { RecordedPlan } from './plan-recorder.ts';

/**
 * Whether two recordings are of one plan: the same calls on the same tensors with the same constants. What is set before a
 * run may differ. Of a body that was recorded twice it tells that nothing else decides what it does.
 */
export function isSamePlan(a: RecordedPlan, b: RecordedPlan): boolean {
  if (!(a instanceof RecordedPlan && b instanceof RecordedPlan)) return false;
  if (a.backend !== b.backend || textOf(a.plan) !== textOf(b.plan)) return false;
  const sameContents = <T>(
    one: ReadonlyMap<number, T>,
    other: ReadonlyMap<number, T>,
    same: (x: T, y: T) => boolean,
  ): boolean =>
    one.size === other.size &&
    [...one].every(([number, x]) => other.has(number) && same(x, other.get(number) as T));
  return (
    a.plan.programs.every((program, k) => isSameProgram(program, b.plan.programs[k])) &&
    sameContents(a.contents.states, b.contents.states, Object.is) &&
    sameContents(a.contents.constants, b.contents.constants, isSameArray)
  );
}

function isSameProgram(a: Program, b: Program | undefined): boolean {
  return a === b || a.key === b?.key;
}

function isSameArray(a: TypedArray, b: TypedArray): boolean {
  return a.length === b.length && a.every((value, k) => Object.is(value, b[k]));
}

// Programs are compared by themselves, and words are set before a run.
function textOf({ programs, calls, ...rest }: Plan): string {
  const places = new Map<number, Plan['wordPlaces']>();
  for (const place of rest.wordPlaces) places.set(place.call, [...(places.get(place.call) ?? []), place]);
  const masked = calls.map((call, at) => withoutWords(call, places.get(at) ?? []));
  return JSON.stringify([programs.length, rest, masked], (_, value) =>
    typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
      ? `number ${Object.is(value, -0) ? '-0' : value}`
      : value,
  );
}

function withoutWords(call: PlanCall, places: Plan['wordPlaces']): PlanCall {
  if (places.length === 0) return call;
  const args = call.args.map((arg, k) => {
    const own = places.filter(({ argument }) => argument === k);
    if (own.length === 0) return arg;
    const { uniforms, ...others } = arg as { readonly uniforms: readonly number[] };
    return {
      ...others,
      uniforms: uniforms.map((word, at) => (own.some(({ uniform }) => uniform === at) ? 0 : word)),
    };
  });
  return { ...call, args };
}
