import { ArgumentError } from '@funhash/hashing';

/** A point of a rate–distortion curve. */
export interface RatePoint {
  /** Bits, bytes, or bits per pixel: above 0. */
  readonly rate: number;
  /** Quality, larger for better, such as decibels. */
  readonly quality: number;
}

/**
 * The Bjøntegaard rate: by how many percent more or less rate a curve takes than an anchor at equal quality, on average over the
 * qualities that both have; −10 saves a tenth. Logarithms of rates are interpolated by monotone cubics (PCHIP).
 *
 * Source: Bjøntegaard 2001, VCEG-M33, with the interpolation of JCTVC-L1100's later tools; Fritsch, Butland 1984 for the slopes.
 *
 * @param anchor at least two points of different qualities
 * @throws ArgumentError for fewer points, rates or qualities that are no numbers, and curves that have no quality in common
 */
export function bjontegaard(anchor: readonly RatePoint[], curve: readonly RatePoint[]): number {
  const [a, b] = [interpolant('anchor', anchor), interpolant('curve', curve)];
  const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
  if (!(from < to))
    throw new ArgumentError({
      operation: 'bjontegaard',
      expected: 'curves that have qualities in common',
      actual: `${a.from} to ${a.to} and ${b.from} to ${b.to}`,
    });
  const difference = b.integral(from, to) - a.integral(from, to);
  return 100 * (Math.exp(difference / (to - from)) - 1);
}

interface Interpolant {
  readonly from: number;
  readonly to: number;
  integral(from: number, to: number): number;
}

function interpolant(name: string, points: readonly RatePoint[]): Interpolant {
  const refuse = (expected: string, actual: string): never => {
    throw new ArgumentError({ operation: 'bjontegaard', expected: `${expected} in ${name}`, actual });
  };
  if (!Array.isArray(points) || points.length < 2) refuse('two points or more', String(points?.length));
  if (Array.from(points).some((point) => typeof point !== 'object' || point === null))
    refuse('points { rate, quality }', 'something else');
  for (const { rate, quality } of points)
    if (!(rate > 0 && rate < Infinity && Number.isFinite(quality)))
      refuse('rates above 0 and qualities that are numbers', `${rate} and ${quality}`);
  const sorted = [...points].sort((p, q) => p.quality - q.quality);
  const x = sorted.map(({ quality }) => quality);
  const y = sorted.map(({ rate }) => Math.log(rate));
  const h = x.slice(1).map((value, k) => value - (x[k] as number));
  if (h.some((step) => step === 0)) refuse('points of different qualities', 'two of the same');
  const d = slopes(
    h,
    h.map((step, k) => ((y[k + 1] as number) - (y[k] as number)) / step),
  );
  const piece = (k: number, from: number, to: number): number => {
    const [step, left, right, leftSlope, rightSlope] = [h[k], y[k], y[k + 1], d[k], d[k + 1]] as [
      ...[number, number, number, number, number],
    ];
    // Hermite's cubic in t = (x − x_k) / h, integrated.
    const upTo = (t: number): number =>
      step *
      (left * (t - t ** 3 + t ** 4 / 2) +
        right * (t ** 3 - t ** 4 / 2) +
        step * leftSlope * (t ** 2 / 2 - (2 * t ** 3) / 3 + t ** 4 / 4) +
        step * rightSlope * (-(t ** 3) / 3 + t ** 4 / 4));
    const at = x[k] as number;
    return upTo((to - at) / step) - upTo((from - at) / step);
  };
  return {
    from: x[0] as number,
    to: x.at(-1) as number,
    integral: (from, to) =>
      h.reduce((sum, step, k) => {
        const [left, right] = [Math.max(from, x[k] as number), Math.min(to, (x[k] as number) + step)];
        return left < right ? sum + piece(k, left, right) : sum;
      }, 0),
  };
}

/** Slopes of PCHIP: harmonic means within, one-sided parabolas at the ends that keep the direction. */
function slopes(h: readonly number[], delta: readonly number[]): number[] {
  const n = h.length;
  const [first, last] = [delta[0] as number, delta[n - 1] as number];
  if (n === 1) return [first, first];
  const inner = Array.from({ length: n - 1 }, (_, k) => {
    const [a, b, p, q] = [delta[k], delta[k + 1], h[k], h[k + 1]] as [number, number, number, number];
    if (a * b <= 0) return 0;
    const [v, w] = [2 * q + p, q + 2 * p];
    return (v + w) / (v / a + w / b);
  });
  const end = (h0: number, h1: number, d0: number, d1: number): number => {
    const slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
    if (Math.sign(slope) !== Math.sign(d0)) return 0;
    return Math.sign(d0) !== Math.sign(d1) && Math.abs(slope) > 3 * Math.abs(d0) ? 3 * d0 : slope;
  };
  return [
    end(h[0] as number, h[1] as number, first, delta[1] as number),
    ...inner,
    end(h[n - 1] as number, h[n - 2] as number, last, delta[n - 2] as number),
  ];
}
