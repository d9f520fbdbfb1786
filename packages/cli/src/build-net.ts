import { type ActivationName, Dense, Dropout, Sequential, SharedSpace } from '@funhash/layers';
import { UsageError } from './errors.ts';
import { parseScheme, type SchemeText, weightRequest } from './scheme-text.ts';

export interface NetConfig {
  /** Widths from the input to the classes. */
  readonly widths: readonly number[];
  /** One scheme text for each layer. */
  readonly weights: readonly string[];
  readonly activation: string;
  readonly dropout: number;
  readonly seed: number;
}

/**
 * A fully connected net whose layers store their weights as the scheme texts say.
 *
 * @throws UsageError or ArgumentError where a scheme is unknown or does not fit its layer
 */
export function buildNet({ widths, weights, activation, dropout, seed }: NetConfig): Sequential {
  const last = widths.length - 2;
  if (weights.length !== last + 1)
    throw new UsageError({
      operation: 'weights',
      expected: `one scheme for each of the ${last + 1} layers`,
      actual: `${weights.length}: ${weights.join(' ')}`,
    });
  const schemes = weights.map(parseScheme);
  const sharing = schemes.filter(({ shared }) => shared);
  const space =
    sharing.length === 0
      ? undefined
      : new SharedSpace({ values: sharedValues(schemes, widths), seed, name: 'space' });
  const net = new Sequential(
    schemes.flatMap((scheme, k) => {
      const layer = new Dense({
        in: widths[k] as number,
        out: widths[k + 1] as number,
        weight: weightRequest(scheme, scheme.shared ? space : undefined),
        ...(k < last && { activation: activation as ActivationName }),
      });
      return k < last && dropout > 0 ? [layer, new Dropout({ rate: dropout })] : [layer];
    }),
    { seed },
  );
  // Layers make their weights when they are first asked for: here a scheme that does not fit is still cheap to refuse.
  net.parameters();
  return net;
}

/** Values of the common space: what its layers were allowed together. */
function sharedValues(schemes: readonly SchemeText[], widths: readonly number[]): number {
  return schemes.reduce((sum, { shared, size: { ratio, values, bytes } }, k) => {
    if (!shared) return sum;
    const entries = (widths[k] as number) * (widths[k + 1] as number);
    const allowed =
      values ?? (bytes === undefined ? Math.round((ratio ?? Number.NaN) * entries) : Math.floor(bytes / 4));
    if (Number.isNaN(allowed))
      throw new UsageError({
        operation: 'shared space',
        expected: 'a size: a ratio, values or bytes',
        actual: 'none',
      });
    return sum + allowed;
  }, 0);
}
