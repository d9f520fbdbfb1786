import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import {
  Conv2d,
  type Conv2dOptions,
  ConvTranspose2d,
  Graph,
  type Parameter,
  Sequential,
  tensor,
} from '@funhash/layers';

export const artifactNetRules = {
  /** Channels between the first and the last convolution of luma. Default 16. */
  channels: option.count(),
  /** Convolutions of 3 × 3 for luma, 2 or more. Default 5. */
  depth: option.integer({ least: 2 }),
  /** Channels between the first and the last convolution of chroma. Default 16. */
  chromaChannels: option.count(),
  /** Convolutions of 3 × 3 for chroma, 2 or more. Default 3. */
  chromaDepth: option.integer({ least: 2 }),
  /** Weight of the convolutions between the first and the last of each, such as `hashedNet({ ratio: 1 / 4 })`. Default dense. */
  weight: option.any<Conv2dOptions['weight']>(),
  /** Decides the start values. Default 0. */
  seed: option.integer({ most: Number.MAX_SAFE_INTEGER }),
} as const;

/** Options of `artifactNet`. */
export type ArtifactNetOptions = OptionsOf<typeof artifactNetRules>;

/** What the network takes: luma, two planes of chroma, and the steps of the quantiser for each. */
export const inputChannels = 5;
export const outputChannels = 3;

/** Bands of four pixels: their mean, differences across, down, and of both. */
const bands = [
  [1, 1, 1, 1],
  [1, -1, 1, -1],
  [1, 1, -1, -1],
  [1, -1, -1, 1],
] as const;

/** Factors of the bands that make them of much the same spread: differences are small. */
const lumaScales = [1 / 2, 4, 4, 8];
const chromaScales = [1 / 4, 1, 1, 2];

/**
 * A network that removes artifacts of JPEG, [B, H, W, 5] → [B, H, W, 3], what is to be added to its planes: convolutions of 3 × 3 with
 * leaky ReLU, for luma at the resolution of the picture, for chroma at half of it, on Hadamard bands of all planes. 13 697 values with default
 * options; at the start it adds next to nothing.
 *
 * @throws OptionError for unknown options; ArgumentError for others out of their range
 */
export function artifactNet(options: ArtifactNetOptions = {}): Graph {
  checkOptions('artifactNet', artifactNetRules, options);
  const { channels = 16, depth = 5, chromaChannels = 16, chromaDepth = 3, weight, seed = 0 } = options;
  const packed = 3 * bands.length + 2;
  const convolutions = (widths: { from: number; through: number; to: number }, count: number): Sequential =>
    new Sequential(
      Array.from({ length: count }, (_, place) => {
        const [isFirst, isLast] = [place === 0, place === count - 1];
        return new Conv2d({
          in: isFirst ? widths.from : widths.through,
          out: isLast ? widths.to : widths.through,
          kernelSize: 3,
          padding: 1,
          // Units of plain ReLU die at the rates that training takes.
          ...(!isLast && { activation: 'leakyRelu' as const }),
          ...(!isFirst && !isLast && weight !== undefined && { weight }),
        });
      }),
    );
  const halves = { kernelSize: 2, stride: 2, bias: false };
  const net = new Graph(
    [
      convolutions({ from: inputChannels, through: channels, to: 1 }, depth),
      new Conv2d({ in: inputChannels, out: packed, ...halves }),
      convolutions({ from: packed, through: chromaChannels, to: 2 * bands.length }, chromaDepth),
      new ConvTranspose2d({ in: 2 * bands.length, out: 2, ...halves }),
    ],
    [
      { op: 'layer', layer: 0, of: [0] },
      { op: 'layer', layer: 1, of: [0] },
      { op: 'layer', layer: 2, of: [2] },
      { op: 'layer', layer: 3, of: [3] },
      { op: 'concat', of: [1, 4], axis: -1 },
    ],
    { seed },
  );
  const parameters = net.namedParameters();
  const change = (name: string, to: (value: Float32Array) => Float32Array): void => {
    const parameter = parameters.get(name) as Parameter;
    const { value } = parameter;
    parameter.assign(tensor(to(value.dataSync() as Float32Array), value.shape));
  };
  const shrunk = (values: Float32Array): Float32Array => values.map((x) => x / 10);
  change(`0.${depth - 1}.weight.w`, shrunk);
  change(`2.${chromaDepth - 1}.weight.w`, shrunk);
  change('1.weight.w', packing);
  change('3.weight.w', unpacking);
  return net;
}

/** Kernels [14, 2 · 2 · 5] of the bands of each plane, and of the means of the others. */
function packing(values: Float32Array): Float32Array {
  const out = new Float32Array(values.length);
  const put = (row: number, pixel: number, plane: number, value: number): void => {
    out[(row * 4 + pixel) * inputChannels + plane] = value;
  };
  for (let pixel = 0; pixel < 4; pixel++) {
    for (let plane = 0; plane < 3; plane++)
      for (const [band, signs] of bands.entries()) {
        const scale = (plane === 0 ? lumaScales : chromaScales)[band] as number;
        put(4 * plane + band, pixel, plane, scale * (signs[pixel] as number));
      }
    put(12, pixel, 3, 1 / 4);
    put(13, pixel, 4, 1 / 4);
  }
  return out;
}

/** Kernels [8, 2 · 2 · 2] that give pixels of two planes back from their bands. */
function unpacking(values: Float32Array): Float32Array {
  const out = new Float32Array(values.length);
  for (let pixel = 0; pixel < 4; pixel++)
    for (let plane = 0; plane < 2; plane++)
      for (const [band, signs] of bands.entries())
        out[((4 * plane + band) * 4 + pixel) * 2 + plane] = (signs[pixel] as number) / 2;
  return out;
}
