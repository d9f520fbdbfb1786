import { isContiguous, sizeOf } from '../shape.ts';
import {
  buffersOf,
  isPlanView,
  type Plan,
  type PlanArgument,
  type PlanBuffer,
  type PlanCall,
  type PlanView,
  requirePlan,
} from './plan.ts';

/** A plan without calls whose results nobody reads. */
export function withoutDeadCalls(plan: Plan): Plan {
  requirePlan('withoutDeadCalls', plan);
  const needed = new Set(Object.values(plan.outputs).map(({ buffer }) => buffer));
  const isLive = (call: PlanCall): boolean => {
    const { all, written } = buffersOf(call);
    const lives = [...written].some(
      (buffer) => plan.buffers[buffer]?.kind !== 'temporary' || needed.has(buffer),
    );
    if (lives) for (const buffer of all) needed.add(buffer);
    return lives;
  };
  const live = plan.calls.map((_, k, { length }) => isLive(plan.calls[length - 1 - k] as PlanCall)).reverse();
  return keptCalls(plan, (_, at) => live[at] as boolean);
}

/**
 * A plan in which what depends on no input, such as a decoded weight, is a first part of its own: it runs once, and again only
 * when states have changed. What it makes for the other parts is kept beside temporaries.
 */
export function withConstantsFirst(plan: Plan): Plan {
  requirePlan('withConstantsFirst', plan);
  const named = plan.calls.map(buffersOf);
  const withWords = new Set(plan.wordPlaces.map(({ call }) => call));
  // What varies with inputs, numbers, words or earlier runs; what is written in place varies as a whole.
  const varying = new Set(plan.buffers.flatMap(({ kind }, number) => (kind === 'input' ? [number] : [])));
  named.forEach(({ written }, at) => {
    const isTold = withWords.has(at) || hasNumbers(plan.calls[at]?.args);
    for (const buffer of written)
      if (isTold || plan.buffers[buffer]?.kind !== 'temporary') varying.add(buffer);
  });
  for (let before = -1; before < varying.size; ) {
    before = varying.size;
    for (const { all, written } of named)
      if ([...all].some((buffer) => varying.has(buffer))) for (const buffer of written) varying.add(buffer);
  }
  const isFirst = named.map(({ written }) => [...written].every((buffer) => !varying.has(buffer)));
  const made = new Set(named.flatMap(({ written }, at) => (isFirst[at] ? [...written] : [])));
  const used = new Set(named.flatMap(({ all }, at) => (isFirst[at] ? [] : [...all])));
  for (const { buffer } of Object.values(plan.outputs)) used.add(buffer);
  const places = plan.calls.map((_, at) => at);
  const order = [...places.filter((at) => isFirst[at]), ...places.filter((at) => !isFirst[at])];
  const placeOf = new Map(order.map((at, place) => [at, place]));
  return {
    ...plan,
    parts: plan.parts + 1,
    buffers: plan.buffers.map(
      (buffer, number): PlanBuffer =>
        made.has(number) && used.has(number) ? { ...buffer, kind: 'kept' } : buffer,
    ),
    calls: order.map((at) => {
      const call = plan.calls[at] as PlanCall;
      return { ...call, part: isFirst[at] ? 0 : call.part + 1 };
    }),
    wordPlaces: plan.wordPlaces.map((place) => ({ ...place, call: placeOf.get(place.call) as number })),
  };
}

/** Calls for which something holds, in their order; places of words move with them. */
function keptCalls(plan: Plan, isKept: (call: PlanCall, at: number) => boolean): Plan {
  const kept = plan.calls.flatMap((call, at) => (isKept(call, at) ? [at] : []));
  return {
    ...plan,
    calls: kept.map((at) => plan.calls[at] as PlanCall),
    wordPlaces: plan.wordPlaces.flatMap((place) => {
      const call = kept.indexOf(place.call);
      return call < 0 ? [] : [{ ...place, call }];
    }),
  };
}

function hasNumbers(argument: PlanArgument | undefined): boolean {
  if (typeof argument !== 'object' || argument === null) return false;
  if (!Array.isArray(argument) && 'numbers' in argument) return true;
  return Object.values(argument).some((member) => hasNumbers(member as PlanArgument));
}

/**
 * A plan without copies of what already lies in row-major order: whoever read the copy reads the original. Copies stay that are
 * outputs, that are written again, or whose original is written, or may be set between parts, before its last reader.
 */
export function withoutCopies(plan: Plan): Plan {
  requirePlan('withoutCopies', plan);
  const named = plan.calls.map(buffersOf);
  const writesOf = (buffer: number): number[] =>
    named.flatMap(({ written }, at) => (written.has(buffer) ? [at] : []));
  const replaced = new Map<number, { readonly buffer: number; readonly offset: number }>();
  const outputs = new Set(Object.values(plan.outputs).map(({ buffer }) => buffer));
  const dead = new Set<number>();
  plan.calls.forEach(({ kernel, args }, at) => {
    if (kernel !== 'copy') return;
    const [x, out] = args as unknown as readonly [PlanView, PlanView];
    const [from, to] = [plan.buffers[x.buffer], plan.buffers[out.buffer]] as [PlanBuffer, PlanBuffer];
    const areInOrder = [x, out].every(({ shape, strides }) => isContiguous(shape, strides));
    const isWhole = areInOrder && out.offset === 0 && sizeOf(out.shape) === to.length;
    if (!isWhole || to.kind !== 'temporary' || from.dtype !== to.dtype || outputs.has(out.buffer)) return;
    const { buffer: source, offset: shift } = replaced.get(x.buffer) ?? { buffer: x.buffer, offset: 0 };
    const last = named.findLastIndex(({ all }) => all.has(out.buffer));
    const isStill = writesOf(source).every((other) => other < at || other > last);
    const isWithin =
      plan.buffers[source]?.kind === 'temporary' || plan.calls[last]?.part === plan.calls[at]?.part;
    if (writesOf(out.buffer).length > 1 || !isStill || !isWithin) return;
    replaced.set(out.buffer, { buffer: source, offset: x.offset + shift });
    dead.add(at);
  });
  const moved = keptCalls(plan, (_, at) => !dead.has(at));
  return {
    ...moved,
    calls: moved.calls.map((call) => ({ ...call, args: call.args.map(readFrom(replaced)) })),
  };
}

function readFrom(replaced: ReadonlyMap<number, { readonly buffer: number; readonly offset: number }>) {
  return function read(argument: PlanArgument): PlanArgument {
    if (typeof argument !== 'object' || argument === null) return argument;
    if (Array.isArray(argument)) return argument.map(read);
    if (isPlanView(argument)) {
      const found = replaced.get(argument.buffer);
      return found ? { ...argument, buffer: found.buffer, offset: argument.offset + found.offset } : argument;
    }
    return Object.fromEntries(Object.entries(argument).map(([field, member]) => [field, read(member)]));
  };
}
