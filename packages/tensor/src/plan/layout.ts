import { bytesPerElement } from '../dtype.ts';
import { buffersOf, type Plan } from './plan.ts';

/** The calls from the first to the last in which a buffer holds what is needed. */
export interface Lifetime {
  readonly first: number;
  readonly last: number;
}

/** When each temporary buffer of a plan is needed, by its number. Outputs are needed to the end. */
export function lifetimesOf({ buffers, calls, outputs }: Plan): ReadonlyMap<number, Lifetime> {
  const lifetimes = new Map<number, Lifetime>();
  calls.forEach((call, at) => {
    for (const buffer of buffersOf(call).all) {
      if (buffers[buffer]?.kind !== 'temporary') continue;
      lifetimes.set(buffer, { first: lifetimes.get(buffer)?.first ?? at, last: at });
    }
  });
  for (const { buffer } of Object.values(outputs)) {
    const lifetime = lifetimes.get(buffer);
    if (lifetime) lifetimes.set(buffer, { ...lifetime, last: calls.length });
  }
  return lifetimes;
}

const meet = (a: Lifetime, b: Lifetime): boolean => a.first <= b.last && b.first <= a.last;

/** The place of a temporary: a block, and how many elements behind its start. */
export interface Place {
  readonly block: number;
  readonly offset: number;
}

/** Blocks of memory, and the places of temporaries in them, by number. No two that are needed at one time overlap. */
export interface Layout {
  readonly blocks: readonly Pick<Plan['buffers'][number], 'dtype' | 'length'>[];
  readonly places: ReadonlyMap<number, Place>;
}

/** Kernels read, and add zeros, this far behind a view. */
const slackBytes = 256;
const lineBytes = 64;

/**
 * One block for each dtype, in which temporaries lie one behind the other and take the places of those that are no longer
 * needed: the largest choose first, each the lowest place that is free for its time.
 */
export function sharedLayout(plan: Plan): Layout {
  const lifetimes = lifetimesOf(plan);
  const blocks: { dtype: Plan['buffers'][number]['dtype']; length: number }[] = [];
  const taken: { readonly from: number; readonly to: number; readonly lifetime: Lifetime }[][] = [];
  const places = new Map<number, Place>();
  const largestFirst = [...lifetimes].sort(([a], [b]) => lengthOf(plan, b) - lengthOf(plan, a) || a - b);
  for (const [number, lifetime] of largestFirst) {
    const { dtype, length } = plan.buffers[number] as Plan['buffers'][number];
    let block = blocks.findIndex((own) => own.dtype === dtype);
    if (block < 0) {
      block = blocks.push({ dtype, length: 0 }) - 1;
      taken.push([]);
    }
    const line = lineBytes / bytesPerElement[dtype];
    const room = Math.ceil((length + slackBytes / bytesPerElement[dtype]) / line) * line;
    const rivals = (taken[block] as (typeof taken)[number]).filter((other) => meet(other.lifetime, lifetime));
    let from = 0;
    for (const rival of rivals.sort((a, b) => a.from - b.from)) {
      if (rival.from >= from + room) break;
      from = Math.max(from, rival.to);
    }
    taken[block]?.push({ from, to: from + room, lifetime });
    places.set(number, { block, offset: from });
    const own = blocks[block] as (typeof blocks)[number];
    own.length = Math.max(own.length, from + room);
  }
  return { blocks, places };
}

/**
 * A block for each temporary, shared only by those of one dtype and length: for backends that write whole buffers, such as
 * textures.
 */
export function separateLayout(plan: Plan): Layout {
  const blocks: { dtype: Plan['buffers'][number]['dtype']; length: number; tenants: Lifetime[] }[] = [];
  const places = new Map<number, Place>();
  for (const [number, lifetime] of lifetimesOf(plan)) {
    const { dtype, length } = plan.buffers[number] as Plan['buffers'][number];
    let block = blocks.findIndex(
      (own) =>
        own.dtype === dtype && own.length === length && !own.tenants.some((tenant) => meet(tenant, lifetime)),
    );
    if (block < 0) block = blocks.push({ dtype, length, tenants: [] }) - 1;
    blocks[block]?.tenants.push(lifetime);
    places.set(number, { block, offset: 0 });
  }
  return { blocks, places };
}

/** Bytes of the blocks of a layout. */
export function bytesOf({ blocks }: Layout): number {
  return blocks.reduce((sum, { dtype, length }) => sum + length * bytesPerElement[dtype], 0);
}

function lengthOf({ buffers }: Plan, number: number): number {
  const { dtype, length } = buffers[number] as Plan['buffers'][number];
  return length * bytesPerElement[dtype];
}
