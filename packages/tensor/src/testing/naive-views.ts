import type { View } from '../backend.ts';
import type { HostBuffer } from '../reference/views.ts';

export type Index = readonly number[];

const dataOf = ({ buffer }: View) => (buffer as HostBuffer).data;
const place = ({ offset, strides }: View, index: Index): number =>
  index.reduce((at, i, axis) => at + i * (strides[axis] as number), offset);
/** An element. */
export const read = (view: View, ...index: number[]): number => dataOf(view)[place(view, index)] as number;
/** Overwrites an element. */
export const write = (view: View, index: Index, value: number): void => {
  dataOf(view)[place(view, index)] = value;
};
export const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

/** All indices of a shape in row-major order. */
export function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, extent) => all.flatMap((lead) => range(extent).map((k) => [...lead, k])),
    [[]],
  );
}

/** Σ of the terms 0 … n − 1. */
export const sum = (n: number, term: (k: number) => number): number =>
  range(n).reduce((total, k) => total + term(k), 0);
