import { ArgumentError } from '@funhash/hashing';
import type { OptionSchema, OptionValues } from '../options.ts';
import { structural } from '../options.ts';
import type { Plan, SchemeDefinition, SchemeSample } from '../scheme.ts';
import { chainEntry } from './chain-entry.ts';
import { startCores } from './chain-start.ts';
import { chainRows, contractChain, decodeChain } from './contract-chain.ts';
import { planContraction } from './contraction-plan.ts';
import { embedded, fitChain, withinRanks } from './fit-chain.ts';
import { balancedModes, isBalanced, modeCount, paddedModes, productOf } from './modes.ts';
import {
  type ChainRequest,
  chainOf,
  chainSize,
  coreName,
  coreShapes,
  largestRanks,
  modesText,
  type TensorChain,
} from './tensor-chain.ts';

const longest = 32;
const mostBond = 4096;

const modes = () => structural.list({ least: 1, most: 2 ** 20, length: longest });

/** Options of every chain of cores, besides its bonds. */
export const chainOptions = {
  /** Digits of a column, the first the most significant; their product is the columns of the weight. */
  inModes: modes(),
  /** Digits of a row. */
  outModes: modes(),
  /**
   * Side of the square filters where the weight is that of a convolution and modes are chosen: the first core then has
   * the places of the filter, the others the channels (Garipov et al. 2016, arXiv:1611.03214). Default 1.
   */
  kernel: structural.integer({ default: 1, least: 1, most: 64 }),
  /** Whether modes may multiply to a little more than the weight has; what is beyond is cut off. Default false. */
  padding: structural.flag(false),
};

export const bondOption = () => structural.oneOrList({ least: 1, most: mostBond, length: longest });

type Values = OptionValues<OptionSchema>;

/** The part of a request that options of a scheme name in their own words. */
export interface ChainWords {
  readonly kind: string;
  readonly source: string;
  /** Option of the inner bonds. */
  readonly ranksName: string;
  /** Option of the first and last bond, where there is one. */
  readonly boundaryName?: string;
}

/** A scheme of chains of cores: tensor trains and matrix product operators differ in their words alone. */
export function chainScheme<O extends OptionSchema>(
  words: ChainWords,
  options: O,
  requests: NonNullable<SchemeSample<O>['requests']>,
): SchemeDefinition<O, string> {
  const { kind, source, ranksName, boundaryName } = words;
  const given = (values: object): Readonly<Record<string, unknown>> =>
    values as Readonly<Record<string, unknown>>;
  const chains = new WeakMap<object, TensorChain>();
  const requestOf = (values: object): ChainRequest => {
    const named = given(values);
    return {
      kind,
      inModes: named.inModes as readonly number[],
      outModes: named.outModes as readonly number[],
      ranks: named[ranksName] as number | readonly number[],
      ranksName,
      boundary: boundaryName === undefined ? 1 : (named[boundaryName] as number),
      padding: named.padding as boolean,
    };
  };
  // Checked once by `stored`, when the weight is made; entries know no extents.
  const checked = (values: object, shape: { readonly rows: number; readonly cols: number }): TensorChain => {
    const found = chains.get(values) ?? chainOf(requestOf(values), shape);
    chains.set(values, found);
    return found;
  };
  const unchecked = (values: object): TensorChain => {
    const request = requestOf(values);
    return chainOf(request, {
      rows: productOf(request.outModes),
      cols: productOf(request.inModes),
    });
  };
  return {
    kind,
    source,
    options,
    plan: (request) => planOf(words, request) as Partial<OptionValues<O>>,
    stored: (values, shape) =>
      Object.fromEntries(coreShapes(chainOf(requestOf(values), shape)).map((core, k) => [coreName(k), core])),
    initialize: ({ options: values, draw, std, ...shape }) => startCores(checked(values, shape), draw, std),
    entry: (entry, stored, values) => chainEntry(entry, stored, unchecked(values)),
    apply: (x, stored, { options: values, bias, ...shape }) =>
      contractChain(x, stored, checked(values, shape), { rows: shape.rows, bias }),
    rowsAt: (stored, { options: values, ids, ...shape }) => {
      const chain = checked(values, shape);
      return ids ? chainRows(ids, stored, chain, shape) : decodeChain(stored, chain, shape);
    },
    fit: ({ options: values, target, present, ...shape }) => {
      const chain = checked(values, shape);
      return embedded(fitChain(target, shape, chain, withinRanks(chain)), chain, present);
    },
    sample: { shape: { rows: 12, cols: 30 }, requests, stdTolerance: 0.15 },
    notes: (values, shape) => notesOf(checked(values, shape), shape),
  };
}

/** Modes and bonds that the user has not given. */
function planOf<O extends OptionSchema>(
  { kind, ranksName, boundaryName }: ChainWords,
  plan: Plan<O>,
): Partial<Values> {
  const { rows, cols, budget } = plan;
  const given = plan.given as Readonly<Record<string, unknown>>;
  const { inModes, outModes } = modesOf(kind, plan);
  const planned = { inModes, outModes };
  const boundary = boundaryName === undefined ? 1 : ((given[boundaryName] as number | undefined) ?? 1);
  if (budget === undefined || given[ranksName] !== undefined || inModes.length !== outModes.length)
    return planned as Partial<Values>;
  const most = largestRanks(inModes, outModes);
  const sizeOf = (ranks: readonly number[]): number =>
    chainSize({ inModes, outModes, bonds: [boundary, ...ranks, boundary] });
  const ranksUpTo = (rank: number): number[] => most.map((limit) => Math.min(rank, limit));
  const smallest = sizeOf(ranksUpTo(1));
  if (smallest > budget)
    throw new ArgumentError({
      operation: kind,
      expected: `at least ${smallest} values for ${rows} × ${cols}, modes ${modesText(inModes)} → ${modesText(outModes)}`,
      actual: `a budget of ${budget}`,
      remedy: 'Give it a larger ratio, more modes, or another scheme for this layer.',
    });
  let [least, beyond] = [1, Math.min(mostBond, Math.max(1, ...most)) + 1];
  while (beyond - least > 1) {
    const middle = Math.floor((least + beyond) / 2);
    if (sizeOf(ranksUpTo(middle)) <= budget) least = middle;
    else beyond = middle;
  }
  // One rank for all leaves some of the budget: single bonds may have one more.
  const ranks = most.reduce((found, limit, k) => {
    const raised = found.with(k, Math.min(limit, (found[k] as number) + 1));
    return sizeOf(raised) <= budget ? raised : found;
  }, ranksUpTo(least));
  return { ...planned, [ranksName]: ranks } as Partial<Values>;
}

function modesOf<O extends OptionSchema>(
  kind: string,
  { rows, cols, given }: Plan<O>,
): { inModes: readonly number[]; outModes: readonly number[] } {
  const named = given as Readonly<Record<string, unknown>>;
  const [inGiven, outGiven] = [named.inModes, named.outModes] as (readonly number[] | undefined)[];
  const kernel = (named.kernel as number | undefined) ?? 1;
  const places = kernel * kernel;
  if (cols % places !== 0)
    throw new ArgumentError({
      operation: kind,
      expected: `columns of kernel × kernel × channels, kernel ${kernel}`,
      actual: `${cols} columns`,
      remedy: 'Give it the kernel of its layer.',
    });
  const channels = cols / places;
  const extra = kernel > 1 ? 1 : 0;
  const count = (inGiven?.length ?? outGiven?.length ?? modeCount(Math.max(rows, channels)) + extra) - extra;
  const choose = named.padding === true ? paddedModes : balancedModes;
  const [first, one] = kernel > 1 ? [[places], [1]] : [[], []];
  return {
    inModes: inGiven ?? [...first, ...choose(channels, Math.max(1, count))],
    outModes: outGiven ?? [...one, ...choose(rows, Math.max(1, count))],
  };
}

/** Rows of x for which the order of contraction is stated. */
const statedRows = [1, 100];

function notesOf(chain: TensorChain, shape: { readonly rows: number; readonly cols: number }): string[] {
  const { inModes, outModes, bonds } = chain;
  const [inner, open] = [bonds.slice(1, -1), bonds[0] as number];
  const layout = `${modesText(inModes)} → ${modesText(outModes)}, bonds ${inner.join(', ') || 'none'}`;
  const orders = statedRows.map((rows) => `${orderOf(chain, rows)} for ${rows} row${rows > 1 ? 's' : ''}`);
  return [
    `${layout}${open > 1 ? `, periodic ${open}` : ''}; contracted ${
      new Set(statedRows.map((rows) => orderOf(chain, rows))).size === 1
        ? orderOf(chain, statedRows[0] as number)
        : orders.join(', ')
    }`,
    ...unevenModes('columns', inModes, shape.cols),
    ...unevenModes('rows', outModes, shape.rows),
  ];
}

function orderOf(chain: TensorChain, rows: number): string {
  const { segments } = planContraction(chain, rows);
  if (segments.length === 1) return 'by dense reconstruction';
  const names = segments.map(({ first, end }) => (end - first === 1 ? `${end}` : `${first + 1}–${end}`));
  return `through cores ${names.join(', ')}`;
}

function unevenModes(what: string, modes: readonly number[], extent: number): string[] {
  const size = productOf(modes);
  if (size > extent) return [`${what}: padded from ${extent} to ${size}`];
  if (extent <= 16 || isBalanced(modes, extent)) return [];
  const isPrime = Math.max(...modes) === extent;
  return [
    `${what}: ${extent} ${isPrime ? 'is prime' : 'has a large prime factor'}, so that modes are ${modesText(modes)}; padding: true chooses even ones`,
  ];
}
