import { checkArgument, checkOptions, option, type Random } from '@funhash/hashing';
import type { PicturePlanes } from '../jpeg/decode-jpeg.ts';
import { requirePlanes } from '../picture.ts';
import { inputChannels, outputChannels } from './artifact-net.ts';
import { outputUnit, writeInput } from './net-input.ts';

/** A decoded picture and what it was made of. */
export interface PicturePair {
  readonly decoded: PicturePlanes;
  /** Planes of `[height, width]`, not rounded. */
  readonly original: readonly Float32Array[];
}

/** Weight of the squared error of each plane. */
const planeWeights = [1, 0.5, 0.5] as const;
/** What is added to the squared error of a crop where errors are taken relative to it. */
const errorFloor = 4;

const cropRules = {
  count: option.required(option.integer({ least: 1, most: 2 ** 16 })),
  side: option.required(option.integer({ least: 1, most: 4096 })),
  error: option.positive(),
} as const;

const pairsRule = option.that<readonly PicturePair[]>(
  'at least one pair { decoded, original }',
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    Array.from(value).every(
      (pair) => typeof pair === 'object' && pair !== null && Array.isArray(pair.original),
    ),
);

const drawRule = option.that<Random>(
  'a generator, as random(seed) gives it',
  (value) => typeof (value as Random | undefined)?.integer === 'function',
);

/** A batch of crops as `fit` takes them: targets have the wanted output and behind it the weights of its errors. */
export interface CropBatch {
  readonly count: number;
  readonly inputs: Float32Array;
  readonly inputShape: readonly number[];
  readonly targets: Float32Array;
}

/**
 * Draws crops of pictures, at places of the 8 × 8 grid, mirrored and turned over at random. Weights make each crop's error relative to
 * what the codec leaves, so that all qualities count.
 *
 * @param error the squared error that errors are relative to; default: that of each crop
 */
export function drawCrops(
  pairs: readonly PicturePair[],
  options: { readonly count: number; readonly side: number; readonly error?: number },
  draw: Random,
): CropBatch {
  checkArgument('drawCrops', 'pairs', pairsRule, pairs);
  for (const { decoded } of pairs) requirePlanes('drawCrops', 'decoded', decoded);
  checkOptions('drawCrops', cropRules, options);
  checkArgument('drawCrops', 'draw', drawRule, draw);
  const { count, side, error } = options;
  const [inputSize, size] = [side * side * inputChannels, side * side];
  const inputs = new Float32Array(count * inputSize);
  const targets = new Float32Array(count * size * 2 * outputChannels);
  const crop = new Float32Array(inputSize);
  for (let k = 0; k < count; k++) {
    const { decoded, original } = pairs[draw.integer(pairs.length)] as PicturePair;
    const { width, height, stride } = decoded;
    const x = 8 * draw.integer(Math.floor(Math.max(0, width - side) / 8) + 1);
    const y = 8 * draw.integer(Math.floor(Math.max(0, height - side) / 8) + 1);
    writeInput(decoded, { x, y, width: side, height: side }, crop);
    const [mirror, over, turn] = [draw.integer(2), draw.integer(2), draw.integer(2)];
    const place = (row: number, col: number): number => {
      const [r, c] = [over === 1 ? side - 1 - row : row, mirror === 1 ? side - 1 - col : col];
      return k * size + (turn === 1 ? c * side + r : r * side + c);
    };
    let total = 0;
    for (let row = 0; row < side; row++)
      for (let col = 0; col < side; col++) {
        const to = place(row, col);
        const from = (row * side + col) * inputChannels;
        for (let c = 0; c < inputChannels; c++) inputs[to * inputChannels + c] = crop[from + c] as number;
        if (y + row >= height || x + col >= width) continue;
        for (const [c, plane] of decoded.planes.entries()) {
          const wanted =
            ((original[c] as Float32Array)[(y + row) * width + x + col] as number) -
            (plane[(y + row) * stride + x + col] as number);
          targets[to * 2 * outputChannels + c] = wanted / outputUnit;
          total += (planeWeights[c] as number) * wanted * wanted;
        }
      }
    const relative = 1 / Math.sqrt(errorFloor + (error ?? total / (outputChannels * size)));
    for (let row = 0; row < Math.min(side, height - y); row++)
      for (let col = 0; col < Math.min(side, width - x); col++) {
        const to = place(row, col) * 2 * outputChannels;
        for (let c = 0; c < decoded.planes.length; c++)
          targets[to + outputChannels + c] = outputUnit * relative * Math.sqrt(planeWeights[c] as number);
      }
  }
  return { count, inputs, inputShape: [side, side, inputChannels], targets };
}
