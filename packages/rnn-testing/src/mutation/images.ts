import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { SequenceError } from '../errors.ts';
import { floatMutation, type Mutation } from './mutation.ts';

const noiseRules = {
  /** Variance of the noise, or the bounds between which each mutant draws its own. Default [0.005, 0.02]. */
  variance: option.that<number | readonly [number, number]>(
    'a number ≥ 0, or two of them ascending',
    (value) => {
      const [low, high] = Array.isArray(value) ? value : [value, value];
      return Number.isFinite(high) && (low as number) >= 0 && (low as number) <= (high as number);
    },
  ),
  /** Least value of a pixel. Default 0. */
  low: option.real(),
  /** Highest value of a pixel. Default 1. */
  high: option.real(),
};

/** Options of `gaussianNoise`. */
export type NoiseOptions = OptionsOf<typeof noiseRules>;

/** Adds normal noise to every value and clips. The authors draw variances from [0.005, 0.02], and 0.1 in the genetic search. */
export function gaussianNoise(options: NoiseOptions = {}): Mutation {
  checkOptions('gaussianNoise', noiseRules, options);
  const { variance = [0.005, 0.02], low = 0, high = 1 } = options;
  const [least, most] = typeof variance === 'number' ? [variance, variance] : variance;
  return floatMutation('gaussianNoise', (values, random) => {
    const std = Math.sqrt(least + (most - least) * random.uniform());
    const noisy = random.fillNormal(new Float32Array(values.length), 0, std);
    for (let k = 0; k < noisy.length; k++)
      noisy[k] = Math.min(high, Math.max(low, (noisy[k] as number) + (values[k] as number)));
    return noisy;
  });
}

const affineRules = {
  /** Most pixels that an image moves along each axis. Default 1. */
  shift: option.real({ least: 0 }),
  /** Most degrees that it turns. Default 5. */
  rotation: option.real({ least: 0, most: 180 }),
  /** Most that it grows or shrinks, as a share. Default 0.05. */
  scale: option.real({ least: 0, most: 0.9 }),
};

/** Options of `smallAffine`. */
export type AffineOptions = OptionsOf<typeof affineRules>;

/** Moves, turns and scales images [height, width, channels] or [height, width] a little; what comes from outside is 0. */
export function smallAffine(options: AffineOptions = {}): Mutation {
  checkOptions('smallAffine', affineRules, options);
  const { shift = 1, rotation = 5, scale = 0.05 } = options;
  return floatMutation('smallAffine', (values, random, { inputShape }) => {
    const [height, width, channels = 1] = inputShape;
    if (width === undefined || inputShape.length > 3)
      throw new SequenceError({
        operation: 'smallAffine',
        expected: 'images [height, width, channels]',
        actual: `[${inputShape.join(', ')}]`,
      });
    const draw = (most: number): number => most * (2 * random.uniform() - 1);
    const [dy, dx, angle, factor] = [
      draw(shift),
      draw(shift),
      (draw(rotation) * Math.PI) / 180,
      1 + draw(scale),
    ];
    const [cos, sin] = [Math.cos(angle) / factor, Math.sin(angle) / factor];
    const [cy, cx] = [((height as number) - 1) / 2, (width - 1) / 2];
    const moved = new Float32Array(values.length);
    const at = (y: number, x: number, c: number): number =>
      y < 0 || x < 0 || y >= (height as number) || x >= width
        ? 0
        : (values[(y * width + x) * channels + c] as number);
    for (let y = 0; y < (height as number); y++)
      for (let x = 0; x < width; x++) {
        const [v, u] = [y - cy - dy, x - cx - dx];
        const [sy, sx] = [cy + cos * v - sin * u, cx + sin * v + cos * u];
        const [top, left] = [Math.floor(sy), Math.floor(sx)];
        const [below, right] = [sy - top, sx - left];
        for (let c = 0; c < channels; c++)
          moved[(y * width + x) * channels + c] =
            (1 - below) * ((1 - right) * at(top, left, c) + right * at(top, left + 1, c)) +
            below * ((1 - right) * at(top + 1, left, c) + right * at(top + 1, left + 1, c));
      }
    return moved;
  });
}
