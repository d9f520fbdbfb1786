import { Real, type Word } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { structural } from '../options.ts';
import { defineBasis } from './basis.ts';

const extent = { least: 1, most: 4096 };

/**
 * The two-dimensional cosine transform (DCT-II, orthonormal) of images or filters [height, width, channels], each
 * channel for itself, kept to its `keep` × `keep` lowest frequencies: of the columns (y, x, c), the rows (j₁, j₂, c).
 * `channels` follows from the number of columns.
 *
 *     D[(j₁, j₂, c), (y, x, c)] = s(j₁) cos(π/height (y + ½) j₁) · s(j₂) cos(π/width (x + ½) j₂)
 *     s(0) = √(1/n), else √(2/n), for n = height or width
 */
export const dct2d = defineBasis({
  kind: 'dct2d',
  source: 'Ahmed, Natarajan, Rao 1974, "Discrete cosine transform", in two dimensions',
  options: {
    height: structural.integer(extent),
    width: structural.integer(extent),
    /** Frequencies kept along each axis. */
    keep: structural.integer(extent),
    channels: structural.integer({ least: 1 }),
  },
  plan: ({ cols }, { height, width }) =>
    height && width ? { channels: Math.max(1, Math.floor(cols / (height * width))) } : {},
  shape: ({ height, width, keep, channels }) => {
    if (keep > Math.min(height, width))
      throw new ArgumentError({
        operation: 'dct2d',
        expected: `keep: at most ${Math.min(height, width)}, the smaller side`,
        actual: String(keep),
      });
    return { rows: keep * keep * channels, cols: height * width * channels };
  },
  entry: (k, col, { height, width, keep, channels }) => {
    const [band, place] = [k.group(channels), col.group(channels)];
    const value = wave(band.group(keep), place.group(width), height).times(
      wave(band.lane(keep), place.lane(width), width),
    );
    if (channels === 1) return value;
    return k.lane(channels).equals(col.lane(channels)).select(value, 0);
  },
  terms: (col, { height, width, keep, channels }) => {
    const [place, channel] = [col.group(channels), col.lane(channels)];
    const [y, x] = [place.group(width), place.lane(width)];
    return Array.from({ length: keep * keep }, (_, band) => ({
      k: channel.plus(band * channels),
      factor: fixedWave(Math.floor(band / keep), y, height).times(fixedWave(band % keep, x, width)),
    }));
  },
});

/** s(j) cos(π/n (y + ½) j). */
function wave(j: Word, y: Word, n: number): Real {
  const angle = j
    .asReal()
    .times(y.asReal().plus(0.5))
    .times(Math.PI / n);
  return angle.cos().times(j.equals(0).select(Math.sqrt(1 / n), Math.sqrt(2 / n)));
}

function fixedWave(j: number, y: Word, n: number): Real {
  if (j === 0) return Real.constant(y.graph, Math.sqrt(1 / n));
  return y
    .asReal()
    .plus(0.5)
    .times((Math.PI * j) / n)
    .cos()
    .times(Math.sqrt(2 / n));
}
