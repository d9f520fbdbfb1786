import type { NumberArray, NumberKind } from './array.ts';
import type { Extent } from './extent.ts';

/** A value that is known when a network is imported: a weight, a constant, or numbers made of shapes. */
export interface Known {
  readonly known: NumberArray;
  /** What elements are that follow free extents, by place. */
  readonly marks?: readonly (string | undefined)[] | undefined;
  /** Whether it is an initializer, and so perhaps trained. */
  readonly isWeight?: boolean;
}

/** A value that follows the input of the network. */
export interface Flow {
  /** The value of the graph that holds it. */
  readonly place: number;
  /** The shape that the file means. */
  readonly shape: readonly Extent[];
  /** How it lies: axis k of what is held is axis `order[k]` of what the file means. */
  readonly order: readonly number[];
  readonly kind: NumberKind;
  /** Element of the last axis that the file means, by the place where it lies; default: as it lies. */
  readonly columns?: readonly number[] | undefined;
}

export type Value = Known | Flow;

export const isKnown = (value: Value): value is Known => 'known' in value;

export const identity = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/** The order of an image or a sequence whose channels lie last: [B, C, ...spatial] as [B, ...spatial, C]. */
export const channelsLast = (rank: number): number[] => [0, ...identity(rank - 2).map((axis) => axis + 2), 1];

export const isOrder = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((axis, k) => axis === b[k]);
