import type { Dataset } from '@funhash/datasets';
import { FunhashError } from '@funhash/hashing';
import { isImages } from '../data/load-data.ts';
import { placesOf, shapeOf, widthsOf } from '../nets/model-kinds.ts';
import type { RunRequest } from '../spec/run-spec.ts';
import type { Goal } from '../sweep/goal.ts';
import { type Changes, runOf } from '../sweep/search-space.ts';
import { fileSize } from './file-size.ts';

/** A net that may come out smallest: a model, and how its widths grow. */
interface Family {
  readonly model: string;
  readonly widths: readonly number[];
}

/** Nets that are small at their accuracy, without widths those that are published, by what they read. */
const families = {
  images: [
    { model: 'small-conv' },
    { model: 'lenet5-caffe', widths: [6, 10, 16] },
    { model: 'mlp', widths: [24] },
  ],
  sequences: [{ model: 'gru', widths: [16] }],
  others: [
    { model: 'mlp', widths: [24] },
    { model: 'mlp', widths: [24, 12] },
  ],
} as const;

/** Nets that read what the data are; those that need larger pictures are left out. */
function familiesFor(data: Dataset): Family[] {
  const isSequences = data.tokens !== undefined || data.inputShape.length === 2;
  const read = isImages(data) ? families.images : isSequences ? families.sequences : families.others;
  return read.flatMap((family) => {
    try {
      const shape = shapeOf(family, data);
      placesOf(shape);
      return [{ model: family.model, widths: widthsOf(shape) }];
    } catch (error) {
      if (error instanceof FunhashError) return [];
      throw error;
    }
  });
}

const scaled = ({ model, widths }: Family, factor: number): Family => ({
  model,
  widths: widths.map((width) => Math.max(2, Math.round(width * factor))),
});

/** Bits of a weight whose level is priced: below, too much of a net is 0, above, a wider net is better. */
const [fewestBits, mostBits] = [0.8, 6.5];
/** Widths of nets of levels, as factors of the family's. */
const factors = [0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4];
/** How far a net is from those that are known: of nets that fit as well the nearest goes first. */
const strange = (factor: number): number => 0.1 * Math.abs(Math.log2(factor));
/** Depths of values that are stored as codes. */
const depths = ['i4', 'i5', 'i6', 'i8'] as const;
/** Schemes of matrices that are never stored, with what they say besides their size. */
const schemes = ['hashedNet', 'funHash', 'lowRank', 'kronecker'];
/** Schemes whose values are levels at a price, the likeliest first. */
const pricedSchemes = ['hashedNet', 'kronecker', 'tiles', 'lowRank', 'robe', 'tensorTrain', 'funHash'];
/** Bits of a level that a scheme decodes entries from: all of them count. */
const pricedBits = 2.5;
/** Virtual entries of a net whose schemes leave so many bytes: widths as factors. */
const virtualFactors = [1.4, 4];
const mostFactor = 64;
/** Stored values for an entry: a ratio of nearly 1 is a plain net. */
const mostRatio = 0.7;

/** What is tried of a family in one way, the likeliest first. */
type Tried = readonly Changes[];

/**
 * Nets whose files keep to so many bytes: with levels at a price, of weights or of what schemes store, plain ones of fewer bits, and
 * shared or factored values.
 * Sizes of files that are no budget of training are those of nets before training.
 *
 * @returns fields of a run that go together, kinds by turns, the likeliest first
 */
export async function candidatesFor(data: Dataset, base: RunRequest, goal: Goal): Promise<Changes[]> {
  const kinds: Tried[] = [];
  for (const family of familiesFor(data)) {
    const leveled = levels(family, data, 'bytes' in goal ? [goal.bytes] : undefined);
    // Levels come to less at equal size in all that was measured: they have two of each turn.
    kinds.push(
      leveled.filter((_, k) => k % 2 === 0),
      leveled.filter((_, k) => k % 2 === 1),
    );
    kinds.push(leveledSchemes(family, data, 'bytes' in goal ? [goal.bytes] : undefined));
    if ('bytes' in goal)
      kinds.push(
        await fewerBits(family, data, base, goal.bytes),
        await byScheme(family, data, base, goal.bytes),
      );
  }
  return byTurns(kinds);
}

const netOf = ({ model, widths }: Family): Readonly<Record<string, unknown>> => ({
  'net.model': model,
  'net.widths': widths,
});

function weightsOf(family: Family, data: Dataset): number {
  return placesOf(shapeOf(family, data)).reduce((sum, { rows, cols }) => sum + rows * cols, 0);
}

/** Nets of levels; without a size, at several. */
function levels(family: Family, data: Dataset, sizes: readonly number[] | undefined): Tried {
  return factors
    .flatMap((factor) => {
      const net = scaled(family, factor);
      const count = weightsOf(net, data);
      const asked = sizes
        ? sizes.map((size) => ({ size, bits: (8 * size) / count, far: 0 }))
        : [1, 2, 4].map((bits) => ({
            size: Math.ceil((bits * count) / 8) + 100,
            bits,
            far: strange(factor),
          }));
      return asked
        .filter(({ bits }) => bits >= fewestBits && bits <= mostBits)
        .map(({ size, bits, far }) => ({ fit: Math.abs(Math.log2(bits / 2.5)) + far, net, size }));
    })
    .sort((a, b) => a.fit - b.fit)
    .map(({ net, size }) => ({ ...netOf(net), 'storage.bytes': size, 'optimizer.learningRate': 0.05 }));
}

/** Wide nets whose matrices a scheme makes of fewer values, which are levels at a price; without a size, at several. */
function leveledSchemes(family: Family, data: Dataset, sizes: readonly number[] | undefined): Tried {
  return factors
    .flatMap((factor) => {
      const net = scaled(family, factor);
      const count = weightsOf(net, data);
      const bytesAt = (ratio: number): number => Math.ceil((ratio * count * pricedBits) / 8) + 100;
      return (sizes ?? [bytesAt(1 / 3)]).map((size) => {
        const ratio = Number(((8 * size) / (pricedBits * count)).toPrecision(3));
        return { fit: Math.abs(Math.log2(3 * ratio)) + strange(factor), net, size, ratio };
      });
    })
    .filter(({ ratio }) => ratio <= mostRatio)
    .sort((a, b) => a.fit - b.fit)
    .slice(0, sizes ? 2 : undefined)
    .flatMap(({ net, size, ratio }) =>
      pricedSchemes.map((scheme) => ({
        ...netOf(net),
        'net.weights': `${scheme}:${ratio}`,
        'storage.bytes': size,
        'optimizer.learningRate': 0.05,
      })),
    );
}

/** Plain nets, as wide as so many bytes allow at each depth of their values. */
async function fewerBits(family: Family, data: Dataset, base: RunRequest, bytes: number): Promise<Tried> {
  const found: Changes[] = [];
  for (const storeAs of [...depths].reverse()) {
    const at = (factor: number): Changes => ({
      ...netOf(scaled(family, factor)),
      'storage.storeAs': storeAs,
      'storage.compress': true,
    });
    const isSo = async (factor: number): Promise<boolean> =>
      mayFit(weightsOf(scaled(family, factor), data), storeAs, bytes) && fits(at(factor), data, base, bytes);
    const factor = await largest(isSo, 1 / 16, mostFactor);
    if (factor !== undefined) found.push(at(factor));
  }
  // Six bits lose nothing that is seen, and leave more room than eight.
  return found.sort((a, b) => depthRank(a) - depthRank(b));
}

const depthRank = (changes: Changes): number =>
  ['i6', 'i5', 'i8', 'i4'].indexOf(String(changes['storage.storeAs']));

/** Wide nets whose matrices a scheme makes of as many values as fit. */
async function byScheme(family: Family, data: Dataset, base: RunRequest, bytes: number): Promise<Tried> {
  const found: Changes[] = [];
  for (const factor of virtualFactors)
    for (const scheme of schemes)
      for (const storeAs of ['i5', 'i8'] as const) {
        const at = (ratio: number): Changes => ({
          ...netOf(scaled(family, factor)),
          'net.weights': `${scheme}:${Number(ratio.toPrecision(3))}`,
          'storage.storeAs': storeAs,
          'storage.compress': true,
        });
        const count = weightsOf(scaled(family, factor), data);
        const isSo = async (ratio: number): Promise<boolean> =>
          mayFit(ratio * count, storeAs, bytes) && fits(at(ratio), data, base, bytes);
        const ratio = await largest(isSo, 1 / 512, 1);
        if (ratio !== undefined && ratio <= mostRatio) found.push(at(ratio));
      }
  return found;
}

/** Whether it is worth making a file of so many values: gzip leaves codes of random values most of their bits. */
const mayFit = (values: number, storeAs: string, bytes: number): boolean =>
  (0.5 * values * Number(storeAs.slice(1))) / 8 <= bytes;

/** Whether a net keeps to the size, and uses most of it. */
async function fits(changes: Changes, data: Dataset, base: RunRequest, bytes: number): Promise<boolean> {
  const size = await fileSize(runOf({ ...base, judge: null }, changes), data);
  // Values of trained nets are coded a little better or worse than those they begin with.
  return size !== undefined && size <= 0.98 * bytes;
}

/** The largest number between two, to a 25th, at which something still is so; undefined where it is so nowhere. */
async function largest(
  isSo: (x: number) => Promise<boolean>,
  from: number,
  to: number,
): Promise<number | undefined> {
  if (!(await isSo(from))) return undefined;
  let [low, high] = [from, to];
  while (high / low > 1.04) {
    const middle = Math.sqrt(low * high);
    if (await isSo(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** One of each list, then the second of each, and so on; none twice. */
function byTurns(lists: readonly Tried[]): Changes[] {
  const most = lists.reduce((length, list) => Math.max(length, list.length), 0);
  const turns = Array.from({ length: most }, (_, k) => lists.flatMap((list) => list.slice(k, k + 1))).flat();
  return [...new Map(turns.map((changes) => [JSON.stringify(changes), changes])).values()];
}
