import { baseFingerprint, encodeUpdate } from '@funhash/codec/update';
import { ArgumentError, checkOptions, type OptionsOf, option, random } from '@funhash/hashing';
import type { Module } from '@funhash/layers';
import { adam, fit, type UpdatePenaltyOptions, updatePenalty } from '@funhash/training';
import { toPlanes, toRgb } from '../colour.ts';
import { decodeJpeg, type PicturePlanes } from '../jpeg/decode-jpeg.ts';
import { type Psnr, psnr } from '../metrics/psnr.ts';
import { cropLoss } from '../net/crop-loss.ts';
import { drawCrops } from '../net/crops.ts';
import { restore } from '../net/restore.ts';
import { type RgbPicture, requirePicture } from '../picture.ts';
import { withAlpha } from './alpha.ts';
import { type ChannelRates, channelOptimizer, multipliersOf, updated, withMultipliers } from './channels.ts';
import { setValues, valuesOf } from './net-values.ts';
import { type PictureMode, withEnhancement } from './segment.ts';

export const encodePictureRules = {
  /** Steps of tuning; 0 tunes nothing. Default 100. */
  steps: option.integer(),
  /** Weight of the penalty on the update, for a file of 20 kB; it grows as files are smaller. Default 2e-4. */
  weight: option.real({ least: 0 }),
  /** The penalty's term where all values are tuned: see `updatePenalty`. Channels have `l1`. Default `l1`. */
  objective: option.oneOf(['l1', 'compressibility', 'rate']),
  /** Largest step of tuning. Default 0.01. */
  learningRate: option.positive(),
  /**
   * What is tuned: all values; of each output channel a multiplier, the bias, or both of these (`channels`); or first all values and
   * then channels (`both`), which takes twice the time. Default `auto`: channels for a JPEG of less than 40 kB, whose update has to be
   * short, all values for others.
   */
  tune: option.oneOf(['auto', 'all', 'multipliers', 'biases', 'channels', 'both']),
  /** Decibels that a file of twice the size is worth: what the bytes of an update have to pay. Default 3. */
  decibelsPerDoubling: option.real({ least: 0 }),
  /** Decides the crops. Default 0. */
  seed: option.integer({ most: Number.MAX_SAFE_INTEGER }),
  /** Called before each step of tuning with how many are done. */
  onStep: option.callable<(step: number, steps: number) => void>(),
} as const;

/** How a picture is encoded; see the fields. */
export type EncodePictureOptions = OptionsOf<typeof encodePictureRules>;

/** A picture file, and what the encoder found. */
export interface EncodedPicture {
  readonly bytes: Uint8Array;
  readonly mode: PictureMode;
  /** Bytes beside those of the JPEG and of its transparency. */
  readonly extraBytes: number;
  /** Those of transparency; 0 where all is opaque. */
  readonly alphaBytes: number;
  /** Decibels of luma and of RGB as the JPEG alone, with the base network, and as the file has it. */
  readonly quality: Readonly<
    Record<'jpeg' | 'base' | 'file', { readonly luma: number; readonly rgb: number }>
  >;
}

/** A file that may be written. */
interface Candidate {
  readonly mode: PictureMode;
  readonly bytes: Uint8Array;
  readonly found: Psnr;
}

/** A way of tuning: what its update is called in the file, steps of updates that are tried, in units of each tensor, and rates. */
interface Way {
  readonly mode: 'tuned' | 'multipliers';
  readonly steps: readonly number[];
  /** Those of output channels; where there are none, all values are tuned. */
  readonly channels?: ChannelRates;
}

const all: Way = { mode: 'tuned', steps: [1 / 2, 1 / 4, 1 / 8] };
const multipliers: Way = {
  mode: 'multipliers',
  steps: [1 / 8, 1 / 16, 1 / 32],
  channels: { multipliers: 0.06 },
};
const biases: Way = {
  mode: 'tuned',
  steps: [1 / 2, 1 / 4, 1 / 8],
  channels: { biases: 0.06 },
};
const channels: Way = { ...multipliers, channels: { ...multipliers.channels, ...biases.channels } };
/** What is tuned and coded, for each choice. */
const ways = {
  all: [all],
  multipliers: [multipliers],
  biases: [biases],
  channels: [channels],
  both: [all, channels],
} as const;
/** Bytes of a JPEG below which channels were worth more than an update of all values, on held-out photos. */
const smallBytes = 40_000;
const cropSide = 64;
const cropsPerStep = 16;

/**
 * Makes a picture file (.fhi) of a JPEG: the network is tuned on the very picture, what it changed is coded, and whichever of JPEG
 * alone, base network and tuned network is best for its bytes is what the file says. An update has to pay in luma and in RGB.
 *
 * Source: Lam et al. 2019 (arXiv:1905.04079), with L1 in place of its objective by default, which measured better.
 *
 * @param jpeg of any encoder
 * @param original what it was made of, of the same size; its alpha, if any, goes along as it is
 * @param base the network that decoders have; it is as before when this ends
 * @throws PictureError for bytes that `decodeJpeg` refuses; ArgumentError for a picture of another size
 */
export async function encodePicture(
  jpeg: Uint8Array,
  original: RgbPicture,
  base: Module,
  options: EncodePictureOptions = {},
): Promise<EncodedPicture> {
  checkOptions('encodePicture', encodePictureRules, options);
  const { steps = 100, decibelsPerDoubling = 3, tune = 'auto' } = options;
  requirePicture('encodePicture', 'original', original);
  const decoded = decodeJpeg(jpeg);
  if (decoded.width !== original.width || decoded.height !== original.height)
    throw new ArgumentError({
      operation: 'encodePicture',
      expected: `an original of ${decoded.width} × ${decoded.height}`,
      actual: `${original.width} × ${original.height}`,
    });
  const opaque = withAlpha(jpeg, undefined, original);
  const carrier = original.alpha ? withAlpha(opaque, original.alpha, original) : opaque;
  const values = valuesOf(base);
  const fingerprint = baseFingerprint(values);
  const judged = (planes: PicturePlanes) => psnr(toRgb(planes), original);
  const fileOf = (mode: PictureMode, update?: Uint8Array): Uint8Array =>
    withEnhancement(carrier, { mode, base: fingerprint, ...(update && { update }) });
  const paid = (bytes: number): number => decibelsPerDoubling * Math.log2(bytes / jpeg.length);
  const worth = ({ found, bytes }: Candidate): number => (found.luma + found.rgb) / 2 - paid(bytes.length);
  const better = (a: Candidate, b: Candidate): Candidate => (worth(b) > worth(a) ? b : a);
  try {
    const plain = judged(decoded);
    const { improved, error } = judgedBase(decoded, base, original);
    const untuned = better(
      { mode: 'off', bytes: fileOf('off'), found: plain },
      { mode: 'base', bytes: fileOf('base'), found: improved },
    );
    let best = untuned;
    const usual = jpeg.length < smallBytes ? 'channels' : 'all';
    const tried = steps > 0 ? ways[tune === 'auto' ? usual : tune] : [];
    for (const [turn, way] of tried.entries()) {
      const { mode } = way;
      setValues(base, values);
      await tuneOn(
        base,
        way,
        { decoded, error, original, bytes: jpeg.length },
        {
          ...options,
          onStep: (step) => options.onStep?.(turn * steps + step, tried.length * steps),
        },
      );
      const tuned = valuesOf(base);
      for (const step of way.steps) {
        const update =
          mode === 'tuned'
            ? encodeUpdate(values, tuned, { step })
            : encodeUpdate(withMultipliers(values), multipliersOf(values, tuned), { step });
        setValues(base, updated(values, mode, update));
        const file = { mode, bytes: fileOf(mode, update), found: judged(restore(decoded, base)) };
        const extra = paid(file.bytes.length) - paid(untuned.bytes.length);
        const pays = (['luma', 'rgb'] as const).every((of) => file.found[of] - extra > untuned.found[of]);
        if (pays) best = better(best, file);
      }
    }
    return {
      bytes: best.bytes,
      mode: best.mode,
      extraBytes: best.bytes.length - carrier.length,
      alphaBytes: carrier.length - opaque.length,
      quality: { jpeg: plain, base: improved, file: best.found },
    };
  } finally {
    setValues(base, values);
  }
}

/** Bytes of a file at which the weight of the penalty is as given. */
const usualBytes = 20_000;

interface Tuned {
  readonly decoded: PicturePlanes;
  /** That of the picture which the network gives before it is tuned. */
  readonly error: number;
  readonly original: RgbPicture;
  /** Those of the JPEG. */
  readonly bytes: number;
}

async function tuneOn(
  net: Module,
  way: Way,
  { decoded, error, original, bytes }: Tuned,
  options: EncodePictureOptions,
): Promise<void> {
  const { steps = 100, weight = 2e-4, objective = 'l1', learningRate = 0.01, seed = 0, onStep } = options;
  const planes = toPlanes(original);
  const draw = random(seed).fork('crops');
  const penalty: UpdatePenaltyOptions = { weight: weight * Math.max(0.25, usualBytes / bytes), objective };
  await fit({
    model: net,
    data: function* () {
      for (let step = 0; step < steps; step++) {
        onStep?.(step, steps);
        yield drawCrops(
          [{ decoded, original: planes }],
          { count: cropsPerStep, side: cropSide, error },
          draw,
        );
      }
    },
    epochs: 1,
    stepsPerEpoch: steps,
    loss: cropLoss,
    optimizer: way.channels
      ? channelOptimizer({ rates: way.channels, weight: penalty.weight })
      : adam({ learningRate, beta2: 0.98 }),
    schedule: (step) =>
      Math.min(1, (step + 1) / 10) * (0.01 + 0.495 * (1 + Math.cos((Math.PI * step) / steps))),
    ...(!way.channels && { penalty: updatePenalty(net, penalty) }),
  });
}

/** What the base network makes of a picture: its quality, and the error that tuning is relative to. */
function judgedBase(
  decoded: PicturePlanes,
  base: Module,
  original: RgbPicture,
): { readonly improved: Psnr; readonly error: number } {
  const restored = restore(decoded, base);
  return { improved: psnr(toRgb(restored), original), error: errorOf(restored, original) };
}

/** Rows of a picture that are made planes at a time. */
const bandRows = 64;

/** Mean squared error of the planes, chroma at half weight. */
function errorOf({ width, height, stride, planes }: PicturePlanes, original: RgbPicture): number {
  let sum = 0;
  for (let top = 0; top < height; top += bandRows) {
    const rows = Math.min(bandRows, height - top);
    const data = original.data.subarray(3 * top * width, 3 * (top + rows) * width);
    const wanted = toPlanes({ width, height: rows, data });
    for (const [k, plane] of planes.entries())
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < width; x++)
          sum +=
            (k === 0 ? 1 : 0.5) *
            ((plane[(top + y) * stride + x] as number) -
              ((wanted[k] as Float32Array)[y * width + x] as number)) **
              2;
  }
  return sum / (3 * width * height);
}
