import type { BoundCall, DeviceBuffer, View } from '../backend.ts';
import { isPlanView, type Plan, type PlanArgument, type PlanView } from './plan.ts';

/** The place of a buffer of a plan in memory. */
export interface Site {
  readonly buffer: DeviceBuffer;
  /** Elements behind the start of the memory's buffer. */
  readonly offset: number;
}

/** Lists of numbers that are set before a run, by name, and words among uniforms. */
export interface LiveLists {
  readonly numbers: ReadonlyMap<string, number[]>;
  readonly words: readonly { readonly list: number[]; readonly at: number; readonly word: number }[];
}

/** A view of a plan on the memory of its buffer. */
export function viewAt(sites: readonly Site[], { buffer: number, shape, strides, offset }: PlanView): View {
  const { buffer, offset: start } = sites[number] as Site;
  return { buffer, dtype: buffer.dtype, shape, strides, offset: offset + start };
}

/** The calls of a plan as kernels take them, with memory for its buffers, and what is set before a run. */
export function resolvedCalls(
  plan: Plan,
  sites: readonly Site[],
): LiveLists & { readonly calls: readonly (BoundCall & { readonly part: number })[] } {
  const numbers = new Map(
    Object.entries(plan.numbers).map(([name, length]) => [name, new Array<number>(length).fill(0)]),
  );
  const words: LiveLists['words'][number][] = [];
  const resolved = (argument: PlanArgument, live: (readonly number[])[]): unknown => {
    if (typeof argument !== 'object' || argument === null) return argument;
    if (Array.isArray(argument)) return argument.map((member: PlanArgument) => resolved(member, live));
    if (isPlanView(argument)) return viewAt(sites, argument);
    const { numbers: name, program } = argument as { readonly numbers?: string; readonly program?: number };
    if (name !== undefined) {
      const list = numbers.get(name) as number[];
      live.push(list);
      return list;
    }
    // A virtual matrix has a program among others.
    if (typeof program === 'number') return plan.programs[program];
    return Object.fromEntries(
      Object.entries(argument).map(([field, member]) => [field, resolved(member, live)]),
    );
  };
  const calls = plan.calls.map((call, at) => {
    const live: (readonly number[])[] = [];
    const args = call.args.map((argument) => resolved(argument, live));
    for (const { word, call: place, argument, uniform } of plan.wordPlaces)
      if (place === at) {
        const { uniforms: list } = args[argument] as { readonly uniforms: number[] };
        words.push({ list, at: uniform, word });
        live.push(list);
      }
    return { kernel: call.kernel, args, live, part: call.part };
  });
  return { calls, numbers, words };
}
