import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { Conv2d, type Conv2dOptions, Sequential } from '@funhash/layers';

export const artifactNetRules = {
  /** Channels of the convolutions between the first and the last. Default 16. */
  channels: option.count(),
  /** Convolutions of 3 × 3, 2 or more. Default 4. */
  depth: option.integer({ least: 2 }),
  /** Weight of the convolutions between the first and the last, such as `hashedNet({ ratio: 1 / 4 })`. Default dense. */
  weight: option.any<Conv2dOptions['weight']>(),
  /** Decides the start values. Default 0. */
  seed: option.integer({ most: Number.MAX_SAFE_INTEGER }),
} as const;

/** Options of `artifactNet`. */
export type ArtifactNetOptions = OptionsOf<typeof artifactNetRules>;

/** What the network takes: luma, two planes of chroma, and the steps of the quantiser for each. */
export const inputChannels = 5;
export const outputChannels = 3;

/**
 * A network that removes artifacts of JPEG: 3 × 3 convolutions with leaky ReLU (units of plain ones die at the rates that training takes) at the resolution of the picture,
 * [B, H, W, 5] → [B, H, W, 3], what is to be added to its planes. 5 811 values with default options.
 *
 * @throws OptionError for unknown options; ArgumentError for others out of their range
 */
export function artifactNet(options: ArtifactNetOptions = {}): Sequential {
  checkOptions('artifactNet', artifactNetRules, options);
  const { channels = 16, depth = 4, weight, seed = 0 } = options;
  const convolution = (place: number): Conv2d =>
    new Conv2d({
      in: place === 0 ? inputChannels : channels,
      out: place === depth - 1 ? outputChannels : channels,
      kernelSize: 3,
      padding: 1,
      ...(place < depth - 1 && { activation: 'leakyRelu' as const }),
      ...(place > 0 && place < depth - 1 && weight !== undefined && { weight }),
    });
  return new Sequential(
    Array.from({ length: depth }, (_, place) => convolution(place)),
    { seed },
  );
}
