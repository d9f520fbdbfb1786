import { reshape } from '@funhash/autodiff';
import { Graph, Program, Word } from '@funhash/formula';
import { assign, empty, runVirtualRows, type Tensor } from '@funhash/tensor';

/** A digit of a row's number: ⌊row / below⌋ mod `mode`. */
export interface RowDigit {
  /** The product of the modes behind it. */
  readonly below: number;
  /** Values that the digit takes, at most 2^24. */
  readonly mode: number;
}

const programs = new Map<string, Program>();

/**
 * One digit of each of the ids [N] (i32) of rows below `rows` → [N] (i32), found where the ids are: what is asked for is
 * a column of words, and exact on every backend.
 *
 * @param ids null: all rows
 * @param backend default: that of the ids
 * @throws ArgumentError for an id of no row
 */
export function digitsOf(
  ids: Tensor | null,
  rows: number,
  { below, mode }: RowDigit,
  backend = (ids as Tensor).backend,
): Tensor {
  const key = `${below}:${mode}`;
  const program = programs.get(key) ?? traced(below, mode);
  programs.set(key, program);
  const column = { program, rows, cols: 1, uniforms: [], scalars: [], stored: [] };
  const digits = runVirtualRows(column, ids, { dtype: 'f32', backend });
  // Whole numbers by their making: a cast would read them to see, which no plan can repeat.
  const whole = empty(digits.shape, 'i32', digits.backend);
  assign(whole, digits);
  return reshape(whole, [whole.size]);
}

function traced(below: number, mode: number): Program {
  const graph = new Graph();
  const { id } = new Word(graph, graph.node('row')).group(below).lane(mode).asReal();
  return new Program(graph, [id], [], { stored: 0, inputs: 0, uniforms: 0, scalars: 0 });
}
