import { ArgumentError } from '@funhash/hashing';
import type { WeightRequest } from '@funhash/layers';
import { plannedOptions } from '@funhash/space';
import { parseScheme, weightRequest } from './scheme-text.ts';

/** A matrix that a scheme shall store. */
interface Place {
  readonly rows: number;
  readonly cols: number;
  /** What it is called, in notices. */
  readonly name: string;
}

/** Schemes by place, and what became of those that leave a place no room. */
export interface FittingSchemes<P> {
  /** Null where the scheme has no form so small: the matrix stays as it is. */
  readonly schemes: ReadonlyMap<P, string | null>;
  /** What whoever asked for the scheme should know. */
  readonly notices: readonly string[];
}

/**
 * Gives every place of a net the scheme that was meant for it, but for those that are too small: at the size asked for, their scheme
 * has no form, as a low rank of 1/64 has none of a 10 × 1000 matrix.
 *
 * @param given as the user wrote it, for notices
 * @param schemeAt the scheme as a place takes it; null: none, it stays as it is
 * @param otherwise how a place that is left out stays: `stays dense`
 * @throws ArgumentError where no place at all has room
 */
export function fittingSchemes<P extends Place>(
  given: string,
  places: readonly P[],
  schemeAt: (place: P) => string | null,
  otherwise: string,
): FittingSchemes<P> {
  const schemes = new Map<P, string | null>();
  const refusals: { readonly name: string; readonly error: ArgumentError }[] = [];
  for (const place of places) {
    const scheme = schemeAt(place);
    const error = scheme === null ? undefined : lackOfRoom(scheme, place);
    if (error) refusals.push({ name: place.name, error });
    schemes.set(place, error ? null : scheme);
  }
  const isNoneLeft = [...schemes.values()].every((scheme) => scheme === null);
  if (isNoneLeft && refusals[0]) throw refusals[0].error;
  return {
    schemes,
    notices: refusals.map(
      ({ name, error: { details } }) =>
        `${name} ${otherwise}: ${given} leaves it no room; it would take ${details.expected}, and has ${details.actual}.`,
    ),
  };
}

/** The refusal of a scheme for its size alone: with room for every entry the same options would do. */
function lackOfRoom(scheme: string, { rows, cols }: Place): ArgumentError | undefined {
  const parsed = parseScheme(scheme);
  // Sizes of layers that share one space are one size.
  if (parsed.shared) return undefined;
  const refusalOf = (request: WeightRequest): ArgumentError | undefined => {
    try {
      plannedOptions(request, { rows, cols }, 0);
      return undefined;
    } catch (error) {
      if (error instanceof ArgumentError) return error;
      throw error;
    }
  };
  const request = weightRequest(parsed);
  const refusal = refusalOf(request);
  return refusal && !refusalOf({ ...request, size: { ratio: 1 } }) ? refusal : undefined;
}
