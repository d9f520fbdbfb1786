import type { Program } from '@funhash/formula';
import type { PlanView, Shape } from '@funhash/tensor';

/** An axis that several operands are walked along: its extent, and the stride of each of them. */
export interface Axis {
  readonly extent: number;
  readonly strides: readonly number[];
}

/** A virtual matrix V[rows, cols]: its entry is the output of a program that reads stored values. */
export interface Matrix {
  readonly program: Program;
  readonly rows: number;
  readonly cols: number;
  readonly stored: readonly PlanView[];
}

/** A function of what a product gives, element by element. */
export interface Pointwise {
  readonly program: Program;
  /** Besides the product: what is read at the same row and column, by slot; null where the product stands. */
  readonly operands: readonly (PlanView | null)[];
}

/** What a product of whole numbers is. */
export interface WholeSums {
  /** What a sum of 1 is worth. */
  readonly unit: number;
  /**
   * How a sum becomes a number of the result, where that takes whole numbers alone: the bias, which is then one of units, is added, the whole
   * multiplied by `multiplier` / 2^`shift`, and what lies below `least` becomes that.
   */
  readonly result?:
    | { readonly multiplier: number; readonly shift: number; readonly least: number }
    | undefined;
}

/**
 * Sums of products of one operand with the rows of a matrix, and what is done to them before they are stored.
 *
 *     out[r…, n] = outer(inner(Σ_k x[r…, k…] · V[n, k] + bias[n]), … for each of the places of x)
 */
export interface Product {
  readonly kind: 'product';
  /** Views of x of one shape [r…, k…]; more than one where results of several are taken together, as pooling does. */
  readonly xs: readonly PlanView[];
  /** The number of axes r. */
  readonly rowAxes: number;
  readonly width: number;
  /** A matrix as it lies in memory, [r…, n, k] with stride 0 along axes r that it does not have; or a virtual one. */
  readonly weight: PlanView | Matrix;
  readonly bias: PlanView | undefined;
  readonly inner: readonly Pointwise[];
  /** A program of as many inputs as there are places of x. */
  readonly outer: Program | undefined;
  /**
   * Whether `outer` takes the sums themselves, and bias and `inner` what it gives, which is the same to the bit for a maximum and functions that
   * do not fall.
   */
  readonly outerFirst?: boolean;
  /** Sums of 32 bits, where x and the matrix are whole numbers, multiples of steps. */
  readonly whole?: WholeSums | undefined;
  /** [r…, n], row by row. */
  readonly out: PlanView;
}

/** What an exported network does, in the order of doing it. */
export type Operation =
  | Product
  | { readonly kind: 'fill'; readonly out: PlanView; readonly value: number }
  | { readonly kind: 'copy'; readonly x: PlanView; readonly out: PlanView }
  | {
      readonly kind: 'map';
      readonly program: Program;
      readonly inputs: readonly PlanView[];
      readonly outs: readonly PlanView[];
    }
  | {
      readonly kind: 'reduce';
      readonly how: 'sum' | 'max' | 'min';
      readonly x: PlanView;
      readonly out: PlanView;
    }
  | Along<'argMax'>
  | Along<'logSumExp'>
  | Along<'scan'>
  | Indexed<'gather'>
  | Indexed<'scatterAdd'>
  | {
      readonly kind: 'rows';
      readonly matrix: Matrix;
      readonly ids: PlanView | undefined;
      readonly out: PlanView;
    }
  | {
      readonly kind: 'packSigns';
      readonly x: PlanView;
      readonly bounds: SignLimits | undefined;
      readonly out: PlanView;
    }
  | {
      readonly kind: 'signProduct';
      readonly a: PlanView;
      readonly b: PlanView;
      readonly depth: number;
      readonly bounds: SignLimits | undefined;
      readonly out: PlanView;
    };

/** What goes along the last axis of x. */
interface Along<K extends string> {
  readonly kind: K;
  readonly x: PlanView;
  readonly out: PlanView;
}

interface Indexed<K extends string> {
  readonly kind: K;
  readonly x: PlanView;
  readonly index: PlanView;
  readonly out: PlanView;
}

/** When signs are +1, as `SignBounds` of the backend's contract has it. */
export interface SignLimits {
  readonly least: PlanView;
  readonly below: PlanView;
}

export type OperationOf<K extends Operation['kind']> = Extract<Operation, { readonly kind: K }>;

export const isMatrix = (weight: PlanView | Matrix): weight is Matrix => 'program' in weight;

/** Views that an operation reads, and those that it writes. */
export function viewsOf(operation: Operation): {
  readonly reads: readonly PlanView[];
  readonly writes: readonly PlanView[];
} {
  switch (operation.kind) {
    case 'product': {
      const { xs, weight, bias, inner, out } = operation;
      const operands = inner.flatMap(({ operands }) => operands.filter((each) => each !== null));
      const weights = isMatrix(weight) ? weight.stored : [weight];
      return { reads: [...xs, ...weights, ...(bias ? [bias] : []), ...operands], writes: [out] };
    }
    case 'fill':
      return { reads: [], writes: [operation.out] };
    case 'map':
      return { reads: operation.inputs, writes: operation.outs };
    case 'gather':
      return { reads: [operation.x, operation.index], writes: [operation.out] };
    case 'scatterAdd':
      return { reads: [operation.x, operation.index, operation.out], writes: [operation.out] };
    case 'rows': {
      const { matrix, ids, out } = operation;
      return { reads: [...matrix.stored, ...(ids ? [ids] : [])], writes: [out] };
    }
    case 'packSigns': {
      const { x, bounds, out } = operation;
      return { reads: [x, ...limits(bounds)], writes: [out] };
    }
    case 'signProduct': {
      const { a, b, bounds, out } = operation;
      return { reads: [a, b, ...limits(bounds)], writes: [out] };
    }
    default:
      return { reads: [operation.x], writes: [operation.out] };
  }
}

const limits = (bounds: SignLimits | undefined): readonly PlanView[] =>
  bounds ? [bounds.least, bounds.below] : [];

/** A matrix that lies in memory row by row, as the operand of a product. */
export function storedWeight(
  buffer: number,
  rows: number,
  cols: number,
  rowAxes: number,
  offset = 0,
): PlanView {
  const lead: Shape = new Array(rowAxes).fill(1);
  return {
    buffer,
    offset,
    shape: [...lead, rows, cols],
    strides: [...lead.map(() => 0), cols, 1],
  };
}
