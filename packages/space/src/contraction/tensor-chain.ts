import { ArgumentError } from '@funhash/hashing';
import type { Shape } from '@funhash/tensor';
import type { MatrixShape } from '../scheme.ts';
import { productOf } from './modes.ts';

/**
 * A matrix V[rows, cols] as a chain of d cores, what tensor trains and matrix product operators both are:
 *
 *     V[(i₁ … i_d), (j₁ … j_d)] = Tr(G₁[i₁, j₁] · G₂[i₂, j₂] · … · G_d[i_d, j_d])
 *
 * with i_k < outModes[k] the digits of the row and j_k < inModes[k] those of the column, the first the most
 * significant, and G_k[i_k, j_k] a matrix of bonds[k−1] × bonds[k]. The first and the last of the d + 1 bonds are
 * equal: 1 for an open chain, more for a periodic one.
 *
 * Core k is stored as [inModes[k], bonds[k−1], outModes[k], bonds[k]]: the matrix, as it lies there, that a step of the
 * contraction multiplies by.
 */
export interface TensorChain {
  readonly inModes: readonly number[];
  readonly outModes: readonly number[];
  /** D₀ … D_d, D₀ = D_d. */
  readonly bonds: readonly number[];
}

/** Shapes of the cores as they are stored: [inMode, bond before, outMode, bond after]. */
export function coreShapes({ inModes, outModes, bonds }: TensorChain): Shape[] {
  return inModes.map((inMode, k) => [
    inMode,
    bonds[k] as number,
    outModes[k] as number,
    bonds[k + 1] as number,
  ]);
}

/** Names of the stored arrays: g1 … gd. */
export const coreName = (k: number): string => `g${k + 1}`;

/** Values in the cores of a chain. */
export function chainSize(chain: TensorChain): number {
  return coreShapes(chain).reduce((sum, shape) => sum + productOf(shape), 0);
}

/**
 * The largest rank that each of the d − 1 cuts of a chain can have: beyond the lesser number of entries on its two
 * sides a bond adds nothing.
 */
export function largestRanks(inModes: readonly number[], outModes: readonly number[]): number[] {
  const entries = inModes.map((inMode, k) => inMode * (outModes[k] as number));
  return entries.slice(1).map((_, k) => {
    const before = productOf(entries.slice(0, k + 1));
    return Math.min(before, productOf(entries.slice(k + 1)));
  });
}

export interface ChainRequest {
  readonly kind: string;
  readonly inModes: readonly number[];
  readonly outModes: readonly number[];
  /**
   * The d − 1 inner bonds; or one number for all, cut to what the modes before each bond allow, as the papers count (a
   * bond may then exceed what the modes behind it allow, which costs values and changes nothing).
   */
  readonly ranks: number | readonly number[];
  /** Name of the option of the ranks, for messages. */
  readonly ranksName: string;
  /** D₀ = D_d. */
  readonly boundary: number;
  /** Whether the modes may multiply to more than the matrix has. */
  readonly padding: boolean;
}

/** @throws ArgumentError where modes do not fit the matrix, or ranks exceed what the modes allow: it names the most */
export function chainOf(request: ChainRequest, shape: MatrixShape): TensorChain {
  const { kind, inModes, outModes, ranks, ranksName, boundary } = request;
  if (inModes.length !== outModes.length || inModes.length === 0)
    throw new ArgumentError({
      operation: kind,
      expected: 'as many inModes as outModes, at least one',
      actual: `${modesText(inModes) || 'none'} and ${modesText(outModes) || 'none'}`,
      remedy: 'Fill up with modes of 1.',
    });
  if (inModes.length === 1 && boundary > 1)
    throw new ArgumentError({
      operation: kind,
      expected: 'a boundary of 1 for one core, or at least two cores in a ring',
      actual: `a boundary of ${boundary}`,
    });
  requireModes(request, 'inModes', inModes, shape.cols, 'columns');
  requireModes(request, 'outModes', outModes, shape.rows, 'rows');
  const inner = innerBonds(kind, ranksName, ranks, inModes, outModes);
  return { inModes, outModes, bonds: [boundary, ...inner, boundary] };
}

function requireModes(
  { kind, padding }: ChainRequest,
  name: string,
  modes: readonly number[],
  extent: number,
  what: string,
): void {
  const size = productOf(modes);
  if (size === extent) return;
  // Every value of the first digit occurs, and with it every value of a core has a part in V.
  const spare = size / (modes[0] as number);
  if (padding && size > extent && size - spare < extent) return;
  throw new ArgumentError({
    operation: kind,
    expected: `${name} whose product is the ${extent} ${what} of the matrix${padding ? `, or up to ${spare - 1} more` : ''}`,
    actual: `${modesText(modes)} = ${size}`,
    ...(size > extent && !padding && { remedy: 'Or allow padding: true.' }),
  });
}

function innerBonds(
  kind: string,
  name: string,
  ranks: number | readonly number[],
  inModes: readonly number[],
  outModes: readonly number[],
): readonly number[] {
  const most = largestRanks(inModes, outModes);
  if (typeof ranks === 'number') {
    const largest = Math.max(1, ...most);
    if (ranks > largest)
      throw new ArgumentError({
        operation: kind,
        expected: `${name} of at most ${largest} for modes ${modesText(inModes)} → ${modesText(outModes)}`,
        actual: String(ranks),
      });
    let before = 1;
    return most.map((_, k) => {
      before = Math.min(ranks, before * (inModes[k] as number) * (outModes[k] as number));
      return before;
    });
  }
  if (ranks.length !== most.length)
    throw new ArgumentError({
      operation: kind,
      expected: `${most.length} ${name}, one between each two of ${inModes.length} cores`,
      actual: `${ranks.length}`,
    });
  const tooLarge = ranks.findIndex((rank, k) => rank > (most[k] as number));
  if (tooLarge >= 0)
    throw new ArgumentError({
      operation: kind,
      expected: `${name}[${tooLarge}] of at most ${most[tooLarge]} for modes ${modesText(inModes)} → ${modesText(outModes)} (at most ${most.join(', ')})`,
      actual: String(ranks[tooLarge]),
    });
  return ranks;
}

/** `4×7×7×4` */
export const modesText = (modes: readonly number[]): string => modes.join('×');
