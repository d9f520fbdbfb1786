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
import { multiplierOptimizer, multipliersOf, updated, withMultipliers } from './multipliers.ts';
import { setValues, valuesOf } from './net-values.ts';
import { type PictureMode, withEnhancement } from './segment.ts';

export const encodePictureRules = {
  /** Steps of tuning; 0 tunes nothing. Default 100. */
  steps: option.integer(),
  /** Weight of the L1 penalty on the update, for a file of 20 kB; it grows as files are smaller. Default 2e-4. */
  weight: option.real({ least: 0 }),
  /** The penalty's term: see `updatePenalty`. Default `l1`. */
  objective: option.oneOf(['l1', 'compressibility']),
  /** Largest step of tuning. Default 0.01. */
  learningRate: option.positive(),
  /**
   * What is tuned: all values, a multiplier for each output channel, or first one and then the other, which takes twice the time.
   * Default `auto`: multipliers for a JPEG of less than 40 kB, whose update has to be short, all values for others.
   */
  tune: option.oneOf(['auto', 'all', 'multipliers', 'both']),
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

/** Steps of updates that are tried, as shares of each tensor's root mean square. */
const updateSteps = { tuned: [1 / 2, 1 / 4, 1 / 8], multipliers: [1 / 8, 1 / 16, 1 / 32] } as const;
/** What is tuned and coded, for each choice. */
const ways = { all: ['tuned'], multipliers: ['multipliers'], both: ['tuned', 'multipliers'] } as const;
/** Bytes of a JPEG below which multipliers were worth more than an update of all values, on held-out photos. */
const smallBytes = 40_000;
/** Largest step of multipliers. */
const multiplierRate = 0.03;
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
  const carrier = withAlpha(jpeg, original.alpha, original);
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
    const usual = jpeg.length < smallBytes ? 'multipliers' : 'all';
    const modes = steps > 0 ? ways[tune === 'auto' ? usual : tune] : [];
    for (const [turn, mode] of modes.entries()) {
      setValues(base, values);
      await tuneOn(
        base,
        mode,
        { decoded, error, original, bytes: jpeg.length },
        {
          ...options,
          onStep: (step) => options.onStep?.(turn * steps + step, modes.length * steps),
        },
      );
      const tuned = valuesOf(base);
      for (const step of updateSteps[mode]) {
        const update =
          mode === 'tuned'
            ? encodeUpdate(values, tuned, { step })
            : encodeUpdate(withMultipliers(values), multipliersOf(values, tuned), { step });
        setValues(base, updated(values, mode, update));
        const tried = { mode, bytes: fileOf(mode, update), found: judged(restore(decoded, base)) };
        const extra = paid(tried.bytes.length) - paid(untuned.bytes.length);
        const pays = (['luma', 'rgb'] as const).every((of) => tried.found[of] - extra > untuned.found[of]);
        if (pays) best = better(best, tried);
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
  mode: 'tuned' | 'multipliers',
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
    optimizer: mode === 'tuned' ? adam({ learningRate, beta2: 0.98 }) : multiplierOptimizer(multiplierRate),
    schedule: (step) =>
      Math.min(1, (step + 1) / 10) * (0.01 + 0.495 * (1 + Math.cos((Math.PI * step) / steps))),
    ...(mode === 'tuned' && { penalty: updatePenalty(net, penalty) }),
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
