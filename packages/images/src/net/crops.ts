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
/** What is wanted of a pixel, and the weights of its errors. */
const targetChannels = 2 * outputChannels;
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
  const targets = new Float32Array(count * size * targetChannels);
  const crop = new Float32Array(inputSize);
  for (let k = 0; k < count; k++) {
    const { decoded, original } = pairs[draw.integer(pairs.length)] as PicturePair;
    const { width, height, stride } = decoded;
    const x = 8 * draw.integer(Math.floor(Math.max(0, width - side) / 8) + 1);
    const y = 8 * draw.integer(Math.floor(Math.max(0, height - side) / 8) + 1);
    writeInput(decoded, { x, y, width: side, height: side }, crop);
    const [mirror, over, turn] = [draw.integer(2), draw.integer(2), draw.integer(2)];
    const turned = placesOf(side, mirror === 1, over === 1, turn === 1);
    const first = k * size + turned.first;
    const places = { ...turned, first };
    for (let c = 0; c < inputChannels; c++) spread(crop, c, inputs, inputChannels, places, side);
    const [down, across] = [Math.min(side, height - y), Math.min(side, width - x)];
    let total = 0;
    for (const [c, plane] of decoded.planes.entries()) {
      const wanted = original[c] as Float32Array;
      const weight = planeWeights[c] as number;
      for (let row = 0; row < down; row++) {
        const [from, at] = [(y + row) * width + x, (y + row) * stride + x];
        let to = (first + row * turned.rowStep) * targetChannels + c;
        for (let col = 0; col < across; col++, to += turned.colStep * targetChannels) {
          const missing = (wanted[from + col] as number) - (plane[at + col] as number);
          targets[to] = missing / outputUnit;
          total += weight * missing * missing;
        }
      }
    }
    const relative = 1 / Math.sqrt(errorFloor + (error ?? total / (outputChannels * size)));
    for (let c = 0; c < decoded.planes.length; c++) {
      const weight = outputUnit * relative * Math.sqrt(planeWeights[c] as number);
      for (let row = 0; row < down; row++) {
        let to = (first + row * turned.rowStep) * targetChannels + outputChannels + c;
        for (let col = 0; col < across; col++, to += turned.colStep * targetChannels) targets[to] = weight;
      }
    }
  }
  return { count, inputs, inputShape: [side, side, inputChannels], targets };
}

/** Places of the pixels of a square that is mirrored and turned over: the first, and how far on the next down and across are. */
interface Places {
  readonly first: number;
  readonly rowStep: number;
  readonly colStep: number;
}

function placesOf(side: number, mirror: boolean, over: boolean, turn: boolean): Places {
  const [downStep, acrossStep] = turn ? [1, side] : [side, 1];
  const first = (over ? (side - 1) * downStep : 0) + (mirror ? (side - 1) * acrossStep : 0);
  return { first, rowStep: over ? -downStep : downStep, colStep: mirror ? -acrossStep : acrossStep };
}

/** Copies a channel of a square to places of another. */
function spread(
  from: Float32Array,
  channel: number,
  into: Float32Array,
  channels: number,
  { first, rowStep, colStep }: Places,
  side: number,
): void {
  for (let row = 0, at = channel; row < side; row++) {
    let to = (first + row * rowStep) * channels + channel;
    for (let col = 0; col < side; col++, at += channels, to += colStep * channels)
      into[to] = from[at] as number;
  }
}
