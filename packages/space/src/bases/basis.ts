import { Graph, Program, type Real, Word } from '@funhash/formula';
import { checkOptions, option } from '@funhash/hashing';
import { Formula } from '../formula.ts';
import type { VirtualMatrix } from '../ops/virtual-matrix.ts';
import type { OptionSchema, OptionValues } from '../options.ts';
import type { MatrixShape } from '../scheme.ts';

/** An entry of the basis that need not be 0. */
export interface BasisTerm {
  readonly k: Word;
  /** D[k, col]. */
  readonly factor: Real;
}

/**
 * A fixed matrix D[size, cols] of orthonormal rows, given by a formula and stored nowhere. All its options are
 * structural.
 */
export interface Basis<O extends OptionSchema> {
  readonly kind: string;
  readonly source: string;
  readonly options: O;
  /** Options that follow from the matrix and from those that the user gave. */
  plan(shape: MatrixShape, given: Partial<OptionValues<O>>): Partial<OptionValues<O>>;
  /** Extents of D. @throws ArgumentError where the options do not fit each other */
  shape(options: OptionValues<O>): MatrixShape;
  /** D[k, col]. */
  entry(k: Word, col: Word, options: OptionValues<O>): Real;
  /** What one column of D holds: of an entry of V, all that has a part in it. */
  terms(col: Word, options: OptionValues<O>): readonly BasisTerm[];
}

/** A basis with its options: what `inBasis` takes. */
export interface BasisRequest {
  readonly basis: Basis<OptionSchema>;
  readonly options: Readonly<Record<string, unknown>>;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A basis with its options, as functions take it. */
export const basisRule = option.that<BasisRequest>(
  'a basis, such as dct2d({ height: 28, width: 28, keep: 12 })',
  (value) =>
    isObject(value) &&
    'options' in value &&
    isObject(value.options) &&
    'basis' in value &&
    isObject(value.basis) &&
    'terms' in value.basis,
);

/** Makes what users call, `dct2d({ … })`, from a basis. */
export function defineBasis<const O extends OptionSchema>(
  basis: Basis<O>,
): ((options: Partial<OptionValues<O>>) => BasisRequest) & { readonly basis: Basis<OptionSchema> } {
  // Shared code holds every basis by one type; options are checked against the schema at run time.
  const known = { basis: basis as unknown as Basis<OptionSchema> };
  return Object.assign((options: Partial<OptionValues<O>>): BasisRequest => {
    checkOptions(basis.kind, basis.options, options);
    return { ...known, options };
  }, known);
}

const formulas = new WeakMap<Basis<OptionSchema>, Map<string, Formula>>();

/** D [size, cols] as a virtual matrix without stored values; equal requests share its formula. */
export function basisMatrix(basis: Basis<OptionSchema>, options: OptionValues<OptionSchema>): VirtualMatrix {
  const known = formulas.get(basis) ?? new Map<string, Formula>();
  formulas.set(basis, known);
  const key = JSON.stringify(Object.keys(basis.options).map((name) => options[name]));
  const formula = known.get(key) ?? traceBasis(basis, options);
  known.set(key, formula);
  return { formula, ...basis.shape(options), uniforms: [], scalars: [], stored: [] };
}

function traceBasis(basis: Basis<OptionSchema>, options: OptionValues<OptionSchema>): Formula {
  const graph = new Graph();
  const word = (op: 'row' | 'col'): Word => new Word(graph, graph.node(op, [], 0));
  const entry = basis.entry(word('row'), word('col'), options);
  return new Formula(new Program(graph, [entry.id], [], { stored: 0, inputs: 0, uniforms: 0, scalars: 0 }));
}
