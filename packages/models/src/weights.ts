import { refuseUnknown } from '@funhash/hashing';
import type { WeightRequest } from '@funhash/layers';

/**
 * What a weight is for: `stem`, the first convolution; `conv`, the other ones; `fc`, dense layers; `head`, the last of
 * these, which gives the classes.
 */
export type WeightRole = (typeof roles)[number];

const roles = ['stem', 'conv', 'fc', 'head'] as const;

/** A weight of a model, before it is made. */
export interface WeightPlace {
  readonly role: WeightRole;
  /** Extents of the virtual matrix. */
  readonly rows: number;
  readonly cols: number;
  /** Side of the square kernel; 1 for dense layers. */
  readonly kernelSize: number;
}

/**
 * How the weights of a model are stored.
 *
 * - One request: for all weights but the stem, which has so few that it is plain.
 * - A request for each role. Without `head` it is as `fc`; a stem that is not named is plain.
 * - A function of the place, undefined for plain weights, called once for each weight in the order of the net.
 *
 * Layers may share a space: `hashedNet({ space })` for any of them.
 */
export type ModelWeights =
  | WeightRequest
  | { readonly [role in WeightRole]?: WeightRequest }
  | ((place: WeightPlace) => WeightRequest | undefined);

/** Refuses requests by roles that there are not. @throws OptionError with the nearest role */
export function requireRoles(operation: string, weights: ModelWeights | undefined): void {
  if (typeof weights !== 'object' || 'scheme' in weights) return;
  refuseUnknown(`${operation}, weight`, roles, weights);
}

/** The options of a layer that say how its weight at this place is stored. */
export function weightAt(weights: ModelWeights | undefined, place: WeightPlace): { weight?: WeightRequest } {
  const weight = requestAt(weights, place);
  return weight ? { weight } : {};
}

/** A function that makes entries of latent values: `binary`, `stochasticBinary`, `ternary`, `(latent) => lsq({ bits: 2 }, latent)`. */
export type Quantizer = (latent?: WeightRequest) => WeightRequest;

/** Quantised weights at this place, whose latent values are stored as a model's weights would be; the stem is no exception. */
export function quantizedWeightAt(
  quantizer: Quantizer,
  weights: ModelWeights | undefined,
  place: WeightPlace,
): WeightRequest {
  const isForAll = weights !== undefined && 'scheme' in weights;
  return quantizer(isForAll ? weights : requestAt(weights, place));
}

function requestAt(weights: ModelWeights | undefined, place: WeightPlace): WeightRequest | undefined {
  const { role } = place;
  if (weights === undefined) return undefined;
  if (typeof weights === 'function') return weights(place);
  if ('scheme' in weights) return role === 'stem' ? undefined : weights;
  return role === 'head' ? (weights.head ?? weights.fc) : weights[role];
}

/** Extents of an input image, [height, width, channels]. */
export type ImageShape = readonly [height: number, width: number, channels: number];
