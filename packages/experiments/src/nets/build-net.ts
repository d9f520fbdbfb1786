import { hashedNet, type Sequential, SharedSpace } from '@funhash/layers';
import type { WeightPlace } from '@funhash/models';
import { SpecError } from '../errors.ts';
import { buildKind, type NetShape, placesOf } from './model-kinds.ts';
import { parseScheme, type SchemeText, weightRequest } from './scheme-text.ts';

export interface NetConfig extends NetShape {
  /** One scheme text for each weight. */
  readonly weights: readonly string[];
  readonly activation: string;
  readonly dropout: number;
  readonly seed: number;
  readonly quantizer?: string;
  readonly shiftNorm?: boolean;
  /** Scheme text of the embedding of words. */
  readonly embedding?: string;
}

/**
 * A net whose layers store their weights as the scheme texts say.
 *
 * @throws SpecError or ArgumentError where a scheme is unknown or does not fit its layer
 */
export function buildNet(config: NetConfig): Sequential {
  const { weights, seed } = config;
  const places = placesOf(config);
  if (weights.length !== places.length)
    throw new SpecError({
      operation: 'weights',
      expected: `one scheme for each of the ${places.length} layers`,
      actual: `${weights.length}: ${weights.join(' ')}`,
    });
  const schemes = weights.map(parseScheme);
  const space = schemes.some(({ shared }) => shared)
    ? new SharedSpace({ values: sharedValues(schemes, places), seed, name: 'space' })
    : undefined;
  const requests = schemes.map((scheme) => weightRequest(scheme, scheme.shared ? space : undefined));
  const next = requests.values();
  const net = buildKind({ ...config, weight: () => next.next().value });
  // Layers make their weights when they are first asked for: here a scheme that does not fit is still cheap to refuse.
  net.parameters();
  return net;
}

/** Virtual values of a net: its weights, and the others, which are always plain: biases, scales and shifts. */
export function sizesOf(shape: NetShape): { readonly weights: number; readonly others: number } {
  const places = placesOf(shape);
  const weights = places.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  // Weights of a value each: what they stand for is counted, not made.
  const weight = hashedNet({ values: 1 });
  const net = buildKind({
    ...shape,
    activation: 'relu',
    dropout: 0,
    seed: 0,
    weight: () => weight,
  });
  return { weights, others: net.summary().total.virtualCount - weights };
}

/** Values of the common space: what its layers were allowed together. */
function sharedValues(schemes: readonly SchemeText[], places: readonly WeightPlace[]): number {
  return schemes.reduce((sum, { shared, size: { ratio, values, bytes } }, k) => {
    if (!shared) return sum;
    const { rows, cols } = places[k] as WeightPlace;
    const allowed =
      values ??
      (bytes === undefined ? Math.round((ratio ?? Number.NaN) * rows * cols) : Math.floor(bytes / 4));
    if (Number.isNaN(allowed))
      throw new SpecError({
        operation: 'shared space',
        expected: 'a size: a ratio, values or bytes',
        actual: 'none',
      });
    return sum + allowed;
  }, 0);
}
