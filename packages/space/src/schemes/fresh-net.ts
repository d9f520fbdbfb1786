import { Word } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { dct2d } from '../bases/dct2d.ts';
import { structural, uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';
import { definitionInBasis } from '../wrappers/in-basis.ts';

const most = 64;

/**
 * The coefficients of FreshNets' filters: V̂[i, (j₁, j₂, c)] = ξ·w[h], where h stays within the buckets of the
 * frequency band j₁ + j₂, which lie side by side.
 */
const bandedHash = defineScheme({
  kind: 'bandedHash',
  source: 'Chen et al. 2015, arXiv:1506.04449, section 3',
  options: {
    buckets: uniform.count(),
    kernel: structural.integer({ least: 1, most }),
    channels: structural.integer({ least: 1 }),
    seed: uniform.seed(),
    hash: structural.hash(),
  },
  plan: () => ({}),
  stored: ({ buckets }) => ({ w: [buckets] }),
  initialize: ({ options, draw, std }) => ({ w: uniformValues(draw, options.buckets, std) }),
  entry: ({ row, col, hash }, { w }, { buckets, kernel, channels, seed }) => {
    const place = col.group(channels);
    const band = place.group(kernel).plus(place.lane(kernel));
    // One bucket for each band, the others by their shares.
    const spare = buckets.minus(2 * kernel - 1);
    const bounds = bandBounds(kernel);
    const boundOf = (shift: number): Word =>
      bounds.reduce<Word>(
        (sum, bound, j) => sum.plus(band.equals(j - shift).times(bound)),
        Word.constant(band.graph, 0),
      );
    const first = spare.below(boundOf(0)).plus(band);
    const next = spare.below(boundOf(1)).plus(band.plus(1));
    // No word holds the last bound, 2^32: the last band ends with the array.
    const isLast = band.equals(2 * kernel - 2);
    const end = isLast.times(buckets).plus(isLast.xor(1).times(next));
    const h = hash(row, col, seed);
    return w.at(first.plus(h.below(end.minus(first)))).times(h.asSign());
  },
});

/**
 * Starts of the buckets of each band, as shares of 2^32: those of a band are r_j·N_j with N_j its coefficients and
 * r_j a beta distribution, α = 0.25 and β = 2.5, at x = (j + ½) / (2·kernel − 1). (The paper takes j + 1, which leaves
 * the highest band without a bucket.)
 */
function bandBounds(kernel: number): number[] {
  const bands = 2 * kernel - 1;
  const shares = Array.from({ length: bands }, (_, j) => {
    const x = (j + 0.5) / bands;
    // x^(α − 1)·(1 − x)^(β − 1) by roots alone, which every engine rounds alike.
    const beta = ((1 - x) * Math.sqrt(1 - x)) / (Math.sqrt(x) * Math.sqrt(Math.sqrt(x)));
    return (kernel - Math.abs(j - kernel + 1)) * beta;
  });
  const whole = shares.reduce((sum, share) => sum + share, 0);
  let sum = 0;
  return shares.map((share) => {
    const bound = Math.floor((sum / whole) * 2 ** 32);
    sum += share;
    return bound;
  });
}

const inCosines = definitionInBasis(dct2d.basis, bandedHash.definition);

/**
 * FreshNets: filters hashed in the frequency domain. Of a convolution kernel [out, kernel · kernel · in] every filter
 * is the inverse cosine transform of coefficients that are hashed as in HashedNets, those of one frequency band
 * j₁ + j₂ among each other. Low bands have more buckets for a coefficient (about seven times the mean at kernel 5),
 * high ones fewer; above a ratio of 1/8 low bands have buckets to spare.
 */
export const freshNet = defineScheme({
  kind: 'freshNet',
  source: 'Chen et al. 2015, arXiv:1506.04449, section 3',
  options: {
    /** Side of the square filters, that of the layer. */
    kernel: structural.integer({ least: 1, most }),
    /** Follows from the weight: its columns over kernel². */
    channels: structural.integer({ least: 1 }),
    /** K, the number of stored values: at least one for each of the 2·kernel − 1 bands. */
    buckets: uniform.count(),
    seed: uniform.seed(),
    hash: structural.hash(),
  },
  plan: ({ cols, budget, given: { kernel } }) => ({
    ...(kernel && { channels: Math.max(1, Math.floor(cols / (kernel * kernel))) }),
    ...(budget !== undefined && { buckets: budget }),
  }),
  stored: ({ kernel, channels, buckets }, { cols }) => {
    if (kernel * kernel * channels !== cols || buckets < 2 * kernel - 1)
      throw new ArgumentError({
        operation: 'freshNet',
        expected: `kernel × kernel × channels to be the ${cols} columns of the weight, and a bucket for each of ${2 * kernel - 1} bands`,
        actual: `${kernel} × ${kernel} × ${channels}, and ${buckets} buckets`,
        remedy: 'Give it the kernel of its layer, or a larger ratio.',
      });
    return { w: [buckets] };
  },
  sample: {
    shape: { rows: 13, cols: 18 },
    requests: [{ kernel: 3, ratio: 1 / 4 }],
    draws: { kernel: [3] },
    stdTolerance: 0.15,
  },
  initialize: ({ options, draw, std }) => ({ w: uniformValues(draw, options.buckets, std) }),
  entry: (entry, stored, options) => inCosines.entry(entry, stored, filters(options)),
  rowsAt: (stored, request) =>
    (inCosines.rowsAt as NonNullable<typeof inCosines.rowsAt>)(stored, {
      ...request,
      options: filters(request.options),
    }),
});

function filters<T extends { readonly kernel: number }>(options: T) {
  const { kernel } = options;
  return { ...options, height: kernel, width: kernel, keep: kernel };
}
