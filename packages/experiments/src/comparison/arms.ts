/**
 * How each scheme spends one budget of stored values on the whole net, so that a comparison is fair: hashed schemes
 * take their ratio layer by layer, as in the papers; the baselines arrange the same total in the way that serves them
 * best, for a baseline that is forced into the hashed nets' layers starves in the small output layer (rank 1, or 156
 * edges for 1000 hidden units).
 *
 * | scheme | arrangement |
 * | --- | --- |
 * | narrow | a plain net; all hidden widths are scaled together, to the total nearest to the budget |
 * | lowRank | plain output layer; the others of rank r, about a 20th of the hidden width, which shrinks to fit |
 * | randomEdgeRemoval | two edges from each last hidden unit to the classes, the rest spread over the other layers |
 * | any other | ratio · entries in each layer |
 *
 * Nets of convolutions keep their first one plain, which has few weights and much to do; it counts, and the others
 * share what it leaves in proportion to their entries. There
 *
 * | scheme | arrangement |
 * | --- | --- |
 * | narrow | a plain net; all channels and hidden widths are scaled together |
 * | lowRank | plain head; the others of one rank |
 * | freshNet | kernels larger than 1 × 1 as freshNet, the rest as hashedNet, as in the paper |
 * | any other | in proportion to entries |
 *
 * Biases are plain and count. Learning rates are relative to the scale of each tensor: that of the recipe, 0.27, where
 * values are shared by many entries; for the baselines near what validation found best (MNIST, 1/64, 12 000 images;
 * the scans of 0.067, 0.13 and 0.27 are in docs/results.md). Dropout costs a net of 17 units 1.2 points, so narrow has none.
 */
import type { WeightPlace } from '@funhash/models';
import { SpecError } from '../errors.ts';
import { sizesOf } from '../nets/build-net.ts';
import { isStack, type NetShape, placesOf, scaledShape } from '../nets/model-kinds.ts';
import { requireFilters, schemeAt } from '../nets/scheme-at.ts';
import {
  formatScheme,
  kindIn,
  parseScheme,
  schemeKind,
  schemeKinds,
  storedCount,
} from '../nets/scheme-text.ts';

/** One contestant: a net in JSON. */
export interface Arm extends NetShape {
  /** Scheme text as the user wrote it, without a size. */
  readonly scheme: string;
  readonly ratio: number;
  /** Stored values that the arm may have: those of the hashed nets, biases included. */
  readonly budget: number;
  /** One scheme text for each layer. */
  readonly weights: readonly string[];
  /** Steps relative to the scale of each tensor, where the user names none. */
  readonly learningRate: number;
  /** Whether hidden units are dropped in training: a net of a few units loses more by it than it gains. */
  readonly takesDropout: boolean;
}

interface Layout {
  readonly widths: readonly number[];
  readonly weights: readonly string[];
}

type ConvArrangement = (shape: NetShape, ratio: number, scheme: string) => Layout;

type Arrangement = (widths: readonly number[], ratio: number, scheme: string) => Layout;

const sharedStep = 0.27;
/** Step of shared values in convolutions: 0.07 to 0.27 are as good (LeNet-5 at 1/16), but FunHash may die at 0.27. */
const sharedConvStep = 0.13;
const denseStep = 0.1;

const arrangements: Readonly<
  Record<string, { arrange?: Arrangement; arrangeConv?: ConvArrangement; learningRate: number }>
> = {
  narrow: { arrange: narrow, arrangeConv: narrowConv, learningRate: 0.13 },
  lowRank: { arrange: lowRank, arrangeConv: lowRankConv, learningRate: 0.1 },
  randomEdgeRemoval: { arrange: randomEdgeRemoval, learningRate: 0.2 },
  kronecker: { learningRate: 0.13 },
  tensorTrain: { learningRate: 0.13 },
  mpo: { learningRate: 0.13 },
};

/** What may stand in a list of schemes. */
export const armKinds: readonly string[] = ['narrow', ...schemeKinds.filter((kind) => kind !== 'dense')];

/**
 * The learning rate that suits a scheme, relative to the scale of each tensor.
 *
 * @param inStack whether the net is dense layers one after the other
 */
export function stepOf(kind: string, inStack: boolean): number {
  if (kind === 'dense') return denseStep;
  return arrangements[kind]?.learningRate ?? (inStack ? sharedStep : sharedConvStep);
}

/**
 * The arm of a scheme at a ratio.
 *
 * @param scheme a scheme text without size, or `narrow`
 * @param shape of the virtual net
 * @throws SpecError where the scheme has a size of its own, or the budget is too small for it
 */
export function armOf(scheme: string, ratio: number, shape: NetShape): Arm {
  const written = scheme.split(/[:,]/)[0] as string;
  const kind = kindIn(written, ['narrow']) ?? schemeKind(written);
  if (kind === undefined || kind === 'dense')
    throw new SpecError({
      operation: 'schemes',
      expected: `names among ${armKinds.join(', ')}`,
      actual: written,
      ...(kind === 'dense' && { remedy: 'The dense net of equal size is called narrow.' }),
    });
  requireFilters(kind, shape);
  const { arrange = evenly, arrangeConv = evenlyConv } = arrangements[kind] ?? {};
  const inStack = isStack(shape.model);
  const layout = inStack ? arrange(shape.widths, ratio, scheme) : arrangeConv(shape, ratio, scheme);
  return {
    ...shape,
    scheme,
    ratio,
    budget: netBudget(shape, ratio),
    ...layout,
    learningRate: stepOf(kind, inStack),
    takesDropout: kind !== 'narrow',
  };
}

/** Stored values of a net whose weights all keep the ratio, the others included. */
export function netBudget(shape: NetShape, ratio: number): number {
  return (
    placesOf(shape).reduce((sum, { rows, cols }) => sum + shareOf(cols, rows, ratio), 0) +
    sizesOf(shape).others
  );
}

/** Stored values of a fully connected net whose layers all keep the ratio, biases included. */
export function budgetOf(widths: readonly number[], ratio: number): number {
  return layersOf(widths).reduce((sum, [into, out]) => sum + shareOf(into, out, ratio) + out, 0);
}

const layersOf = (widths: readonly number[]): [into: number, out: number][] =>
  widths.slice(1).map((out, k) => [widths[k] as number, out]);
const shareOf = (into: number, out: number, ratio: number): number =>
  Math.max(1, Math.round(ratio * into * out));
const biasesOf = (widths: readonly number[]): number => widths.slice(1).reduce((sum, out) => sum + out, 0);

/** All hidden widths in proportion, the first becoming `first`. */
const scaled = (widths: readonly number[], first: number): number[] =>
  widths.map((width, k) =>
    k === 0 || k === widths.length - 1
      ? width
      : Math.max(1, Math.round((width * first) / (widths[1] as number))),
  );

/** The values of each place, in proportion to its entries; the stem is plain. */
function valuesByPlace(
  shape: NetShape,
  ratio: number,
  scheme: string,
): { place: WeightPlace; values: number }[] {
  const places = placesOf(shape);
  const isStem = ({ role }: WeightPlace): boolean => role === 'stem';
  const entriesOf = ({ rows, cols }: WeightPlace): number => rows * cols;
  const total = (list: readonly WeightPlace[]): number =>
    list.reduce((sum, place) => sum + entriesOf(place), 0);
  const stem = total(places.filter(isStem));
  const left = netBudget(shape, ratio) - sizesOf(shape).others - stem;
  const entries = total(places) - stem;
  let [given, passed] = [0, 0];
  return places.map((place) => {
    if (isStem(place)) return { place, values: entriesOf(place) };
    // Rounded as a running sum, so that all of it is given.
    passed += entriesOf(place);
    const values = Math.round((left * passed) / entries) - given;
    given += values;
    if (values >= 1) return { place, values };
    throw new SpecError({
      operation: `${scheme} in ${shape.model}`,
      expected: 'at least a value for each layer besides the first convolution, which is plain',
      actual: `${left} values for ${entries} weights`,
      remedy: 'Choose a larger ratio.',
    });
  });
}

function evenlyConv(shape: NetShape, ratio: number, scheme: string): Layout {
  const weights = valuesByPlace(shape, ratio, scheme).map(({ place, values }) =>
    place.role === 'stem' ? 'dense' : withValues(schemeAt(scheme, place), values),
  );
  return { widths: shape.widths, weights };
}

/** Steps of the search for a factor. */
const finest = 4096;

function narrowConv(shape: NetShape, ratio: number): Layout {
  const sizeOf = (net: NetShape): number => {
    const { weights, others } = sizesOf(net);
    return weights + others;
  };
  const found = scaledShape(
    shape,
    nearest(finest, netBudget(shape, ratio), (step) => sizeOf(scaledShape(shape, step / finest))) / finest,
  );
  return { widths: found.widths, weights: placesOf(found).map(() => 'dense') };
}

function lowRankConv(shape: NetShape, ratio: number, scheme: string): Layout {
  const places = placesOf(shape);
  const isPlain = ({ role }: WeightPlace): boolean => role === 'stem' || role === 'head';
  const valuesAt = (place: WeightPlace, rank: number): number => {
    const { rows, cols } = place;
    return isPlain(place) ? rows * cols : Math.min(rank, rows, cols) * (rows + cols);
  };
  const totalOf = (rank: number): number =>
    places.reduce((sum, place) => sum + valuesAt(place, rank), sizesOf(shape).others);
  const budget = netBudget(shape, ratio);
  let rank = nearest(finest, budget, totalOf);
  while (rank > 1 && totalOf(rank) > 1.01 * budget) rank--;
  if (totalOf(rank) > 1.01 * budget)
    throw new SpecError({
      operation: `${scheme} in ${shape.model}`,
      expected: `room for rank 1 and a plain head, ${totalOf(rank)} values`,
      actual: String(budget),
      remedy: 'Choose a larger ratio.',
    });
  const weights = places.map((place) =>
    isPlain(place) ? 'dense' : withValues(scheme, valuesAt(place, rank)),
  );
  return { widths: shape.widths, weights };
}

function withValues(scheme: string, values: number): string {
  const { size, ...parsed } = parseScheme(scheme);
  if (Object.keys(size).length > 0)
    throw new SpecError({
      operation: `scheme ${scheme}`,
      expected: 'no size: all schemes of a comparison have the same',
      actual: JSON.stringify(size),
      remedy: 'Sizes are given by --ratios.',
    });
  return formatScheme({ ...parsed, size: { values } });
}

function evenly(widths: readonly number[], ratio: number, scheme: string): Layout {
  return {
    widths,
    weights: layersOf(widths).map(([into, out]) =>
      withValues(schemeAt(scheme, { cols: into, kernelSize: 1 }), shareOf(into, out, ratio)),
    ),
  };
}

function narrow(widths: readonly number[], ratio: number): Layout {
  const most = widths[1] as number;
  const first = nearest(most, budgetOf(widths, ratio), (width) => budgetOf(scaled(widths, width), 1));
  const found = scaled(widths, first);
  return { widths: found, weights: layersOf(found).map(() => 'dense') };
}

/** Hidden units for each unit of rank: near the best of a few tries on MNIST at 1/64 (200 units, rank 10). */
const unitsPerRank = 20;

function lowRank(widths: readonly number[], ratio: number, scheme: string): Layout {
  const budget = budgetOf(widths, ratio);
  const most = widths[1] as number;
  const hiddenLayers = (net: readonly number[]) => layersOf(net).slice(0, -1);
  const rankIn = (rank: number, [into, out]: [number, number]): number => Math.min(rank, into, out);
  const totalOf = (net: readonly number[], rank: number): number =>
    hiddenLayers(net).reduce((sum, layer) => sum + rankIn(rank, layer) * (layer[0] + layer[1]), 0) +
    (net.at(-2) as number) * (net.at(-1) as number) +
    biasesOf(net);
  const candidates = Array.from({ length: Math.min(most, widths[0] as number) }, (_, k) => {
    const rank = k + 1;
    const first = nearest(most, budget, (width) => totalOf(scaled(widths, width), rank));
    const net = scaled(widths, first);
    return {
      rank,
      net,
      miss: Math.abs(totalOf(net, rank) - budget) / budget,
      skew: Math.abs(Math.log(first / rank / unitsPerRank)),
    };
  });
  const { rank, net } = fitting(candidates);
  const weights = hiddenLayers(net).map((layer) =>
    withValues(scheme, rankIn(rank, layer) * (layer[0] + layer[1])),
  );
  return { widths: net, weights: [...weights, 'dense'] };
}

/** Edges from each last hidden unit to the classes: 156 in all, as 1/64 would give 1000 units, would waste most units. */
const edgesPerUnit = 2;

function randomEdgeRemoval(widths: readonly number[], ratio: number, scheme: string): Layout {
  const layers = layersOf(widths);
  const budget = budgetOf(widths, ratio) - biasesOf(widths);
  const [lastIn, lastOut] = layers.at(-1) as [number, number];
  const entries = layers.slice(0, -1).reduce((sum, [into, out]) => sum + into * out, 0);
  const parsed = parseScheme(scheme);
  // Edges come in blocks, so not every number of them exists: a little more is asked for where less falls short.
  const candidates = Array.from({ length: lastOut }, (_, k) => k + 1).flatMap((edges) =>
    [1, 1.004, 1.008].map((asked) => {
      const toClasses = Math.min(edges * lastIn, Math.max(1, Math.floor(budget / 4)));
      const rest = (asked * budget - toClasses) / Math.max(1, entries);
      const values = layers.map(([into, out], k) =>
        k === layers.length - 1 ? toClasses : Math.max(1, Math.round(rest * into * out)),
      );
      const stored = layers.reduce(
        (sum, [into, out], k) => sum + storedCount(parsed, values[k] as number, out, into),
        0,
      );
      return {
        values,
        miss: Math.abs(stored - budget) / budget,
        skew: Math.abs(Math.log(edges / edgesPerUnit)),
      };
    }),
  );
  const { values } = fitting(candidates);
  return { widths, weights: values.map((count) => withValues(scheme, count)) };
}

interface Candidate {
  /** Distance from the budget, as a share of it. */
  readonly miss: number;
  /** Distance from the shape that serves the scheme best. */
  readonly skew: number;
}

/** The best shape among those of the right size, or else the one of the nearest size. */
function fitting<C extends Candidate>(candidates: readonly C[]): C {
  const bySkew = [...candidates].sort((a, b) => a.skew - b.skew || a.miss - b.miss);
  return (bySkew.find(({ miss }) => miss <= 0.008) ?? bySkew.sort((a, b) => a.miss - b.miss)[0]) as C;
}

/** The n in 1 … most whose total, which grows with n, lies nearest to a goal. */
function nearest(most: number, goal: number, total: (n: number) => number): number {
  let low = 1;
  let high = most;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (total(middle) < goal) low = middle + 1;
    else high = middle;
  }
  return low > 1 && goal - total(low - 1) < Math.abs(total(low) - goal) ? low - 1 : low;
}
