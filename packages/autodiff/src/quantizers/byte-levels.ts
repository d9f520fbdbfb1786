import { elementwise } from '../ops/pointwise.ts';

/**
 * The nearest of 256 levels to each x of [0, 1], scaled to ±1: (2b − 255) / 256 with b = round(255 · x). What bytes / 255
 * become, with nothing lost. Sums of such levels times ±1 are exact in f32 up to 2^16 terms, whatever their order. The
 * gradient is that of 2x.
 */
export const byteLevels = elementwise('byteLevels', (x) => {
  const byte = x.times(255).plus(0.5).floor().maximum(0).minimum(255);
  return byte
    .times(2 / 256)
    .minus(255 / 256)
    .withGradientOf(x.times(2));
});
