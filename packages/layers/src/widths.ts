import { ShapeError } from '@funhash/tensor';

/** The extents of the last axis, features or channels, that a layer takes and gives, as far as they are known without data. */
export interface Widths {
  /** Undefined: any, or not known. */
  readonly in?: number | undefined;
  /** Undefined: not known, or as the input has. */
  readonly out?: number | undefined;
  /** Whether it gives what it takes. Default false. */
  readonly isKept?: boolean;
}

/** What has widths: a layer or a network. */
interface Wide {
  readonly widths: Widths;
}

/**
 * The widths of layers one after the other.
 *
 * @throws ShapeError for a layer that takes another width than the one before it gives, with its place
 */
export function widthsOfChain(operation: string, layers: readonly Wide[]): Widths {
  let first: number | undefined;
  let now: Widths = { isKept: true };
  let giver = -1;
  layers.forEach((layer, place) => {
    const { widths } = layer;
    const given = now.isKept ? first : now.out;
    if (widths.in !== undefined && given !== undefined && widths.in !== given)
      throw new ShapeError({
        operation,
        expected: `layer ${place}, ${nameOf(layer)}, to take the ${given} features that ${giver < 0 ? 'come in' : `layer ${giver}, ${nameOf(layers[giver] as Wide)}, gives`}`,
        actual: `one that takes ${widths.in}`,
      });
    if (now.isKept && widths.in !== undefined) {
      first ??= widths.in;
      if (giver < 0 && widths.isKept) giver = place;
    }
    if (widths.isKept) return;
    now = { out: widths.out };
    giver = place;
  });
  return { in: first, out: now.isKept ? first : now.out, isKept: now.isKept === true };
}

/**
 * The widths of modules that all read one input.
 *
 * @throws ShapeError where two of them take different widths
 */
export function sharedInput(operation: string, members: ReadonlyMap<string, Wide>): number | undefined {
  let [width, of]: [number | undefined, string] = [undefined, ''];
  for (const [name, { widths }] of members) {
    if (widths.in === undefined) continue;
    if (width !== undefined && widths.in !== width)
      throw new ShapeError({
        operation,
        expected: `${name} to take the ${width} features that ${of} takes`,
        actual: `one that takes ${widths.in}`,
      });
    [width, of] = [widths.in, name];
  }
  return width;
}

/** The width that a module gives for one that it takes. */
export function givenWidth({ widths }: Wide, input: number | undefined): number | undefined {
  return widths.isKept ? (widths.in ?? input) : widths.out;
}

const nameOf = (layer: Wide): string => {
  const { type, title } = layer.constructor as { readonly type?: string; readonly title?: string };
  return title ?? type ?? 'a layer';
};
