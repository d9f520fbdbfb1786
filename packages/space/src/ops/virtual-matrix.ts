import { checkArgument, option } from '@funhash/hashing';
import type { Tensor, VirtualView } from '@funhash/tensor';
import { Formula } from '../formula.ts';

/** A virtual matrix V[rows, cols] over stored tensors: the operand of the three consuming ops. */
export interface VirtualMatrix {
  readonly formula: Formula;
  readonly rows: number;
  readonly cols: number;
  readonly uniforms: readonly number[];
  readonly scalars: readonly number[];
  readonly stored: readonly Tensor[];
  /** V itself, [rows, cols], where a policy keeps it. */
  readonly decoded?: Tensor | undefined;
}

export function operandOf({ formula, ...rest }: VirtualMatrix): VirtualView<Tensor> {
  return { program: formula.program, ...rest };
}

/** A virtual matrix, as ops take it. */
const matrixRule = option.that<VirtualMatrix>(
  'a virtual matrix, such as weight.virtual',
  (v) => typeof v === 'object' && v !== null && 'formula' in v && v.formula instanceof Formula,
);

/** Refuses what is no virtual matrix. @throws ArgumentError */
export function requireMatrix(operation: string, v: unknown): void {
  checkArgument(operation, 'v', matrixRule, v);
}

export function transposedMatrix(v: VirtualMatrix): VirtualMatrix {
  const { formula, rows, cols, decoded } = v;
  const [across, down] = decoded?.strides ?? [];
  return {
    ...v,
    formula: formula.transposed,
    rows: cols,
    cols: rows,
    decoded: decoded?.view([cols, rows], [down as number, across as number], decoded.offset),
  };
}

/** dV in the direction `directions` (one tensor for each stored array): the derivative of V by its stored values. */
export function tangentMatrix(v: VirtualMatrix, directions: readonly Tensor[]): VirtualMatrix {
  return { ...v, formula: v.formula.tangent, stored: [...v.stored, ...directions], decoded: undefined };
}
