import { Graph, Program, Real, Word } from '@funhash/formula';
import type { Tensor } from '@funhash/tensor';
import { Formula } from '../formula.ts';
import type { Entry, StoredArray } from '../scheme.ts';
import type { VirtualMatrix } from './virtual-matrix.ts';

/** V[row, col] of a matrix that is stored whole, row by row. */
export function plainEntry({ row, col, cols }: Pick<Entry, 'row' | 'col' | 'cols'>, w: StoredArray): Real {
  return w.at(row.times(cols).plus(col));
}

/** Whether a virtual matrix is its one stored array, entry by entry, as `plainMatrix` gives it. */
export function isPlainMatrix({ decoded, stored }: VirtualMatrix): boolean {
  return decoded !== undefined && decoded === stored[0];
}

let formula: Formula | undefined;

/** Gives a matrix [rows, cols] that is in memory the form in which the consuming ops take virtual ones. */
export function plainMatrix(matrix: Tensor): VirtualMatrix {
  const [rows, cols] = matrix.shape as readonly [number, number];
  formula ??= tracePlain();
  return { formula, rows, cols, uniforms: [rows, cols], scalars: [], stored: [matrix], decoded: matrix };
}

function tracePlain(): Formula {
  const graph = new Graph();
  const word = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
  const entry = plainEntry(
    { row: word('row'), col: word('col'), cols: word('uniform', 1) },
    { at: (index) => Real.from(graph, graph.node('at', [(index as Word).id], 0)) },
  );
  return new Formula(new Program(graph, [entry.id], [], { stored: 1, inputs: 0, uniforms: 2, scalars: 0 }));
}
