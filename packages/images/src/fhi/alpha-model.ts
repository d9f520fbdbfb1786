// The transparency of a picture as bins, as docs/format.md has it step by step. The writer and the reader go the same way: what they
// have in common is stated once.

/** Takes or gives bins: a writer gives back the bin that it is handed, a reader the one that it finds. */
export interface Bins {
  bin(context: number, bin: 0 | 1): 0 | 1;
}

const opaque = 255;
/** Blocks that may be of one value have this side, those at the right and lower edge may be smaller. */
const blockSide = 8;

// Contexts, one kind behind the other.
const flatBase = 0;
const edgeBase = flatBase + 2 ** 3;
const zeroBase = edgeBase + 2 * 3 ** 4;
const slopes = 5 ** 3 * 3 ** 2;
const signBase = zeroBase + slopes;
const classBase = signBase + slopes;
const activities = 9;
const classes = 8;
const bitBase = classBase + activities * classes;

export const contextCount = bitBase + 2 * classes;

/**
 * Goes through the alpha of a picture, `[height, width]`, row by row.
 *
 * @param alpha what is written, or zeros that are replaced by what is read
 */
export function codeAlpha(bins: Bins, alpha: Uint8Array, width: number, height: number): void {
  const across = Math.ceil(width / blockSide);
  let above: Uint8Array = new Uint8Array(across).fill(1);
  for (let top = 0; top < height; top += blockSide) {
    const bottom = Math.min(top + blockSide, height);
    const flat = new Uint8Array(across);
    for (let block = 0; block < across; block++) {
      const context =
        (flat[block - 1] ?? 1) +
        2 * (above[block] as number) +
        4 * (above[Math.min(block + 1, across - 1)] as number);
      const left = block * blockSide;
      const size = { left, right: Math.min(left + blockSide, width), top, bottom };
      flat[block] = bins.bin(flatBase + context, isFlat(alpha, width, size) ? 1 : 0);
    }
    for (let y = top; y < bottom; y++)
      for (let block = 0; block < across; block++) {
        const left = block * blockSide;
        const right = Math.min(left + blockSide, width);
        const start = y * width + left;
        if (flat[block] === 0)
          for (let x = left; x < right; x++) alpha[y * width + x] = codePixel(bins, alpha, width, x, y);
        else if (y > top) alpha.copyWithin(start, start - width, start - width + right - left);
        else alpha.fill(codePixel(bins, alpha, width, left, y), start, start + right - left);
      }
    above = flat;
  }
}

function isFlat(
  alpha: Uint8Array,
  width: number,
  { left, right, top, bottom }: Readonly<Record<'left' | 'right' | 'top' | 'bottom', number>>,
): boolean {
  const first = alpha[top * width + left];
  for (let y = top; y < bottom; y++)
    for (let at = y * width + left; at < y * width + right; at++) if (alpha[at] !== first) return false;
  return true;
}

/** The value of a pixel: opaque, transparent, or how far it is from what its neighbours let expect. */
function codePixel(bins: Bins, alpha: Uint8Array, width: number, x: number, y: number): number {
  const own = alpha[y * width + x] as number;
  // Beyond the upper edge all is opaque; beyond the others are the values next to them, of the row above.
  const row = (y - 1) * width;
  const right = Math.min(x + 1, width - 1);
  const n = y > 0 ? (alpha[row + x] as number) : opaque;
  const nw = y > 0 ? (alpha[row + Math.max(0, x - 1)] as number) : opaque;
  const ne = y > 0 ? (alpha[row + right] as number) : opaque;
  const nn = y > 1 ? (alpha[row - width + x] as number) : n;
  const w = x > 0 ? (alpha[y * width + x - 1] as number) : n;
  const ww = x > 1 ? (alpha[y * width + x - 2] as number) : w;

  const edge = edgeBase + 2 * (kind(w) + 3 * kind(n) + 9 * kind(nw) + 27 * kind(ne));
  if (bins.bin(edge, own === opaque ? 1 : 0) === 1) return opaque;
  if (bins.bin(edge + 1, own === 0 ? 1 : 0) === 1) return 0;

  const expected = Math.max(1, Math.min(opaque - 1, medianEdge(w, n, nw)));
  const slope =
    3 ** 2 * (steepness(ne - n) + 5 * steepness(n - nw) + 25 * steepness(nw - w)) +
    (Math.sign(w - ww) + 1) +
    3 * (Math.sign(n - nn) + 1);
  const off = own - expected;
  if (bins.bin(zeroBase + slope, off === 0 ? 1 : 0) === 1) return expected;
  const isBelow =
    expected > 1 && (expected === opaque - 1 || bins.bin(signBase + slope, off < 0 ? 1 : 0) === 1);

  // The distance, by the number of its bits in unary, and those behind the first.
  const distance = Math.abs(off);
  const most = isBelow ? expected - 1 : opaque - 1 - expected;
  const activity = 32 - Math.clz32(Math.abs(w - nw) + Math.abs(n - nw) + Math.abs(n - ne));
  const ofClass = classBase + classes * Math.min(activities - 1, activity);
  let k = 0;
  while (2 ** (k + 1) <= most && bins.bin(ofClass + k, distance >= 2 ** (k + 1) ? 1 : 0) === 1) k++;
  let found = 1;
  for (let bit = k - 1; bit >= 0; bit--)
    found = 2 * found + bins.bin(bitBase + 2 * k + (bit === k - 1 ? 1 : 0), ((distance >> bit) & 1) as 0 | 1);
  // Only of a damaged file it may lie beyond.
  return Math.max(1, Math.min(opaque - 1, isBelow ? expected - found : expected + found));
}

/** Transparent, between, opaque. */
const kind = (value: number): number => (value === 0 ? 0 : value === opaque ? 2 : 1);

/** Five kinds of differences. */
const steepness = (slope: number): number =>
  slope < -2 ? 0 : slope < 0 ? 1 : slope === 0 ? 2 : slope <= 2 ? 3 : 4;

/** The median of two neighbours and of their plane. Source: Weinberger et al. 2000, LOCO-I (ISO/IEC 14495-1, A.4.1). */
function medianEdge(w: number, n: number, nw: number): number {
  const [least, most] = [Math.min(w, n), Math.max(w, n)];
  return nw >= most ? least : nw <= least ? most : w + n - nw;
}
