import {
  buffersOf,
  type Plan,
  type PlanArgument,
  type PlanBuffer,
  type PlanCall,
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
  const writes = new Map<number, number[]>();
  plan.calls.forEach((call, at) => {
    for (const buffer of buffersOf(call).written) writes.set(buffer, [...(writes.get(buffer) ?? []), at]);
  });
  // What varies with inputs, numbers, words or earlier runs; what is written in place varies as a whole.
  const varying = new Set(plan.buffers.flatMap(({ kind }, number) => (kind === 'input' ? [number] : [])));
  const withWords = new Set(plan.wordPlaces.map(({ call }) => call));
  for (const [buffer, calls] of writes) {
    const kind = plan.buffers[buffer]?.kind;
    if (kind !== 'temporary' || calls.some((at) => withWords.has(at) || hasNumbers(plan.calls[at]?.args)))
      varying.add(buffer);
  }
  for (let before = -1; before < varying.size; ) {
    before = varying.size;
    for (const call of plan.calls) {
      const { all, written } = buffersOf(call);
      if ([...all].some((buffer) => varying.has(buffer))) for (const buffer of written) varying.add(buffer);
    }
  }
  const isFirst = (call: PlanCall): boolean =>
    [...buffersOf(call).written].every((buffer) => !varying.has(buffer));
  const used = new Set(
    plan.calls.filter((call) => !isFirst(call)).flatMap((call) => [...buffersOf(call).all]),
  );
  for (const { buffer } of Object.values(plan.outputs)) used.add(buffer);
  const isKept = (number: number): boolean => used.has(number) && writes.has(number) && !varying.has(number);
  const order = [
    ...plan.calls.flatMap((call, at) => (isFirst(call) ? [at] : [])),
    ...plan.calls.flatMap((call, at) => (isFirst(call) ? [] : [at])),
  ];
  return {
    ...plan,
    parts: plan.parts + 1,
    buffers: plan.buffers.map(
      (buffer, number): PlanBuffer => (isKept(number) ? { ...buffer, kind: 'kept' } : buffer),
    ),
    calls: order.map((at) => {
      const call = plan.calls[at] as PlanCall;
      return { ...call, part: isFirst(call) ? 0 : call.part + 1 };
    }),
    wordPlaces: plan.wordPlaces.map((place) => ({ ...place, call: order.indexOf(place.call) })),
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
 * outputs, that are written again, or whose original is written before its last reader.
 */
export function withoutCopies(plan: Plan): Plan {
  requirePlan('withoutCopies', plan);
  const written = plan.calls.map((call) => buffersOf(call).written);
  const writesOf = (buffer: number): number[] => written.flatMap((own, at) => (own.has(buffer) ? [at] : []));
  const replaced = new Map<number, { readonly buffer: number; readonly offset: number }>();
  const outputs = new Set(Object.values(plan.outputs).map(({ buffer }) => buffer));
  const dead = new Set<number>();
  plan.calls.forEach(({ kernel, args }, at) => {
    if (kernel !== 'copy') return;
    const [x, out] = args as unknown as readonly [CopiedView, CopiedView];
    const [from, to] = [plan.buffers[x.buffer], plan.buffers[out.buffer]] as [PlanBuffer, PlanBuffer];
    const isWhole = out.offset === 0 && size(out.shape) === to.length && isRowMajor(out) && isRowMajor(x);
    if (!isWhole || to.kind !== 'temporary' || from.dtype !== to.dtype || outputs.has(out.buffer)) return;
    const [source, shift] = [replaced.get(x.buffer)?.buffer ?? x.buffer, replaced.get(x.buffer)?.offset ?? 0];
    const last = plan.calls.findLastIndex((call) => buffersOf(call).all.has(out.buffer));
    const isStill = writesOf(source).every((other) => other < at || other > last);
    if (writesOf(out.buffer).length > 1 || !isStill) return;
    replaced.set(out.buffer, { buffer: source, offset: x.offset + shift });
    dead.add(at);
  });
  const moved = keptCalls(plan, (_, at) => !dead.has(at));
  return {
    ...moved,
    calls: moved.calls.map((call) => ({ ...call, args: call.args.map(readFrom(replaced)) })),
  };
}

interface CopiedView {
  readonly buffer: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

function isRowMajor({ shape, strides }: CopiedView): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis] as number;
  }
  return true;
}

function readFrom(replaced: ReadonlyMap<number, { readonly buffer: number; readonly offset: number }>) {
  return function read(argument: PlanArgument): PlanArgument {
    if (typeof argument !== 'object' || argument === null) return argument;
    if (Array.isArray(argument)) return argument.map(read);
    const fields = argument as { readonly [field: string]: PlanArgument };
    if ('strides' in fields) {
      const found = replaced.get(fields.buffer as number);
      return found
        ? { ...fields, buffer: found.buffer, offset: (fields.offset as number) + found.offset }
        : argument;
    }
    return Object.fromEntries(Object.entries(fields).map(([field, member]) => [field, read(member)]));
  };
}
