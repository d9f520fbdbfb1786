import { Word } from '@funhash/formula';
import { ArgumentError, checkArgument, option } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { type Basis, type BasisRequest, basisMatrix, basisRule } from '../bases/basis.ts';
import { dct2d } from '../bases/dct2d.ts';
import { virtualMatmul } from '../ops/virtual-matmul.ts';
import { transposedMatrix, type VirtualMatrix } from '../ops/virtual-matrix.ts';
import { virtualRows } from '../ops/virtual-rows.ts';
import { type OptionSchema, type OptionValues, resolveOptions } from '../options.ts';
import {
  type MatrixShape,
  requestRule,
  type Scheme,
  type SchemeDefinition,
  schemesRule,
  type WeightRequest,
} from '../scheme.ts';
import { virtualOf } from '../virtual-of.ts';
import { measuredStd } from '../weight/measured-std.ts';

type Definition = SchemeDefinition<OptionSchema>;
type Values = OptionValues<OptionSchema>;
type Stored = Readonly<Record<string, Tensor>>;
/** What the hooks of a scheme are told. */
type Hooked = MatrixShape & { readonly options: Values; readonly scale: number | undefined };

/** Bases that files may name, by their kind. */
const bases: Readonly<Record<string, { readonly basis: Basis<OptionSchema> }>> = { dct2d };

/**
 * Any scheme in a fixed basis of its input: V = C·D with C [rows, size] stored as the scheme says and D [size, cols]
 * orthonormal and stored nowhere. The size asked for counts against the whole of V.
 *
 *     inBasis(dct2d({ height: 28, width: 28, keep: 12 }), hashedNet({ ratio: 1 / 64 }))
 *
 * A product x·Vᵀ is (x·Dᵀ)·Cᵀ: with few rows in D it takes fewer multiplications than that with V.
 */
export function inBasis(given: BasisRequest, request: WeightRequest): WeightRequest {
  checkArgument('inBasis', 'basis', basisRule, given);
  checkArgument('inBasis', 'request', requestRule, request);
  const { basis, options } = given;
  return {
    ...request,
    scheme: schemeInBasis(basis, request.scheme),
    options: { ...request.options, ...options },
  };
}

const made = new WeakMap<Definition, Map<Basis<OptionSchema>, Scheme>>();

function schemeInBasis(basis: Basis<OptionSchema>, { definition }: Scheme): Scheme {
  const known = made.get(definition) ?? new Map<Basis<OptionSchema>, Scheme>();
  made.set(definition, known);
  const found = known.get(basis) ?? { definition: definitionInBasis(basis, definition) };
  known.set(basis, found);
  return found;
}

/** More characters than any kind of sense has: kinds come out of files. */
const longestKind = 100;

/**
 * The scheme of a kind, also of one over another, in a basis as `dct2d(hashedNet)` or quantised as `binary(hashedNet)`;
 * undefined where there is none.
 */
export function schemeOfKind(kind: string, schemes: Readonly<Record<string, Scheme>>): Scheme | undefined {
  checkArgument(
    'schemeOfKind',
    'kind',
    option.that('a text', (value) => typeof value === 'string'),
    kind,
  );
  checkArgument('schemeOfKind', 'schemes', schemesRule, schemes);
  return knownOfKind(kind, schemes);
}

/** `schemeOfKind` of schemes that were checked, of a user's own or not: default either. */
export function knownOfKind(
  kind: string,
  schemes: Readonly<Record<string, Scheme>>,
  own?: boolean,
): Scheme | undefined {
  const named = (name: string, isOwn?: boolean): Scheme | undefined =>
    Object.values(schemes).find(
      ({ definition }) =>
        definition.kind === name && (isOwn === undefined || (definition.isOwn ?? false) === isOwn),
    );
  const found = named(kind, own);
  const [, outer, inner] = /^(\w+)\((.+)\)$/.exec(kind.slice(0, longestKind + 1)) ?? [];
  if (found || outer === undefined || inner === undefined || kind.length > longestKind) return found;
  const scheme = knownOfKind(inner, schemes, own);
  // Options of both stand side by side: twice the same ones would be one.
  if (!scheme || inner.split(/\W/).includes(outer)) return undefined;
  const base = Object.hasOwn(bases, outer) ? bases[outer] : undefined;
  return base ? schemeInBasis(base.basis, scheme) : named(outer)?.over?.(scheme);
}

/** The scheme V = C·D of a basis and the scheme of C. Options of both stand side by side. */
export function definitionInBasis(basis: Basis<OptionSchema>, inner: Definition): Definition {
  const kind = `${basis.kind}(${inner.kind})`;
  /** Extents of C, in place of those of V. */
  const inside = ({ rows, cols }: MatrixShape, options: Values): MatrixShape => {
    const shape = basis.shape(options);
    if (shape.cols === cols) return { rows, cols: shape.rows };
    throw new ArgumentError({
      operation: kind,
      expected: `a basis of ${cols} columns, as the weight has`,
      actual: `${shape.cols} by ${JSON.stringify(named(basis.options, options))}`,
    });
  };
  const coefficients = ({ options, scale, ...shape }: Hooked, stored: Stored): VirtualMatrix => {
    const { arrays, ...matrix } = virtualOf(inner, options, inside(shape, options), scale);
    return { ...matrix, stored: arrays.map((name) => stored[name] as Tensor) };
  };
  return {
    kind,
    source: `${inner.source}; in the basis of ${basis.source}`,
    options: { ...inner.options, ...basis.options },
    plan: (request) => {
      const own = named(basis.options, request.given);
      const planned = { ...basis.plan(request, own), ...own };
      const shape = inside(request, resolveOptions(basis.kind, basis.options, planned, 0));
      return { ...planned, ...inner.plan({ ...request, ...shape }) };
    },
    stored: (options, shape) => inner.stored(options, inside(shape, options)),
    initialize: (request) => {
      const { cols, options, shared, std } = request;
      const shape = inside(request, options);
      const matrix = virtualOf(inner, options, shape);
      return inner.initialize({
        ...request,
        ...shape,
        // Rows of length 1: the squares in a column of D add up to size / cols on the average.
        std: std * Math.sqrt(cols / shape.cols),
        measureStd: (values) => measuredStd(matrix, { ...values, ...shared }),
      });
    },
    entry: (entry, stored, options) => {
      const { col } = entry;
      const values = options as Values;
      const cols = Word.constant(col.graph, basis.shape(values).rows);
      return basis
        .terms(col, values)
        .map(({ k, factor }) => inner.entry({ ...entry, col: k, cols }, stored, options).times(factor))
        .reduce((sum, term) => sum.plus(term));
    },
    apply: (x, stored, application) => {
      const z = virtualMatmul(x, basisMatrix(basis, application.options));
      if (!inner.apply) return virtualMatmul(z, coefficients(application, stored), application.bias);
      return inner.apply(z, stored, { ...application, ...inside(application, application.options) });
    },
    rowsAt: (stored, request) =>
      virtualMatmul(
        virtualRows(coefficients(request, stored), request.ids),
        transposedMatrix(basisMatrix(basis, request.options)),
      ),
    ...(inner.rules && {
      rules: (options, shape) => inner.rules?.(options, inside(shape, options)) ?? {},
    }),
    ...(inner.isScaled && { isScaled: inner.isScaled }),
    ...(inner.pool && { pool: inner.pool }),
    ...(inner.isOwn && { isOwn: true }),
  };
}

function named(schema: OptionSchema, options: Readonly<Record<string, unknown>>): Values {
  const names = Object.keys(schema).filter((name) => options[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, options[name]])) as Values;
}
