import type { PlanView } from '@funhash/tensor';
import type { NetworkBuffer } from '../network.ts';
import { type Operation, viewsOf } from '../operations.ts';

/** Places of buffers in memory of one dtype, and its length: in elements. */
export interface Places {
  readonly offsets: ReadonlyMap<number, number>;
  readonly length: number;
}

interface Tenant {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Places for buffers of one dtype. What is kept from one run to the next has a place of its own; the others take those of
 * what is no longer needed: the largest choose first, each the lowest place that is free for its time.
 *
 * @param kept buffers that hold their contents between runs
 * @param align elements that a place begins at a multiple of. Default 1
 */
export function placed(
  buffers: readonly NetworkBuffer[],
  run: readonly Operation[],
  {
    dtype,
    kept,
    input,
    output,
    align = 1,
  }: {
    readonly dtype: 'f32' | 'i32';
    readonly kept: ReadonlySet<number>;
    readonly input: number;
    readonly output: PlanView;
    readonly align?: number;
  },
): Places {
  const up = (length: number): number => Math.ceil(length / align) * align;
  const offsets = new Map<number, number>();
  let end = 0;
  for (const number of [...kept].sort((a, b) => a - b)) {
    const { dtype: own, length } = buffers[number] as NetworkBuffer;
    if (own !== dtype) continue;
    offsets.set(number, end);
    end += up(length);
  }
  const lives = livesOf(run, input, output);
  const lengthOf = (number: number): number => (buffers[number] as NetworkBuffer).length;
  const open = [...lives.keys()].filter((number) => !kept.has(number) && buffers[number]?.dtype === dtype);
  open.sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  const tenants: Tenant[] = [];
  let most = end;
  for (const number of open) {
    const { first, last } = lives.get(number) as { first: number; last: number };
    const rivals = tenants.filter((other) => other.first <= last && first <= other.last);
    const room = up(lengthOf(number));
    let from = end;
    for (const rival of rivals.sort((a, b) => a.from - b.from)) {
      if (rival.from >= from + room) break;
      from = Math.max(from, rival.to);
    }
    tenants.push({ from, to: from + room, first, last });
    offsets.set(number, from);
    most = Math.max(most, from + room);
  }
  return { offsets, length: most };
}

function livesOf(run: readonly Operation[], input: number, output: PlanView) {
  const lives = new Map([[input, { first: -1, last: -1 }]]);
  run.forEach((operation, at) => {
    const { reads, writes } = viewsOf(operation);
    for (const { buffer } of [...reads, ...writes])
      lives.set(buffer, { first: lives.get(buffer)?.first ?? at, last: at });
  });
  const last = lives.get(output.buffer);
  lives.set(output.buffer, { first: last?.first ?? 0, last: run.length });
  return lives;
}
