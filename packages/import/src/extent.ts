/**
 * The extent of an axis: `n` elements in the pass that is imported. `of` says what a free extent is: the name of one in the
 * file, or a term of such names. Extents without it are the same in every pass.
 */
export interface Extent {
  readonly n: number;
  readonly of?: string | undefined;
}

/** An extent that never changes. */
export const fixed = (n: number): Extent => ({ n });

/** Whether two extents are equal in every pass. */
export const isSame = (a: Extent, b: Extent): boolean => a.n === b.n && a.of === b.of;

export const sizeOf = (shape: readonly Extent[]): number => shape.reduce((size, { n }) => size * n, 1);

export const numbersOf = (shape: readonly Extent[]): number[] => shape.map(({ n }) => n);

/** A shape for messages: free extents by their names. */
export const shownShape = (shape: readonly Extent[]): string =>
  `[${shape.map(({ n, of }) => of ?? n).join(', ')}]`;

let terms = 0;

/** The name of what is computed of free extents; equal computations have equal names, as long as these are short. */
export function term(name: string, ...parts: readonly (string | number | undefined)[]): string | undefined {
  if (!parts.some((part) => typeof part === 'string')) return undefined;
  const text = `${name}(${parts.map((part) => part ?? '').join(', ')})`;
  return text.length <= 60 ? text : `${name} ${terms++}`;
}

/** The extent of the result where two meet that broadcast. */
function broadcastExtent(a: Extent, b: Extent): Extent | undefined {
  if (a.n === b.n) return a.of === undefined ? b : a;
  if (a.n === 1 && a.of === undefined) return b;
  if (b.n === 1 && b.of === undefined) return a;
  return a.n === 1 ? b : b.n === 1 ? a : undefined;
}

/** The shape of operands that broadcast; undefined: they do not. */
export function broadcastShape(shapes: readonly (readonly Extent[])[]): Extent[] | undefined {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0);
  const result: Extent[] = [];
  for (let axis = 0; axis < rank; axis++) {
    let extent: Extent | undefined = fixed(1);
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length];
      if (own && extent) extent = broadcastExtent(extent, own);
    }
    if (!extent) return undefined;
    result.push(extent);
  }
  return result;
}
