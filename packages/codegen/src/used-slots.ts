import type { Node, Program } from '@funhash/formula';

/** The slots of what a program reads, ascending. */
export interface UsedSlots {
  readonly stored: readonly number[];
  readonly uniforms: readonly number[];
  readonly scalars: readonly number[];
  readonly inputs: readonly number[];
}

/** Looks through a program for the slots that it reads: a program may have more than it needs. */
export function usedSlots({ nodes }: Program): UsedSlots {
  const of = (op: Node['op']): number[] => {
    const slots = nodes.flatMap((node) => (node.op === op ? [node.value] : []));
    return [...new Set(slots)].sort((a, b) => a - b);
  };
  return { stored: of('at'), uniforms: of('uniform'), scalars: of('scalar'), inputs: of('input') };
}
