/**
 * The MNIST variations: digits under more factors of variation.
 * Source: Larochelle, Erhan, Courville, Bergstra, Bengio, "An empirical evaluation of deep architectures on problems
 * with many factors of variation", ICML 2007, and the pages beside its data. The published files are not read: the
 * images are drawn anew by seed, so results compare with published ones in kind, not digit for digit.
 *
 * As published: BASIC is a subset of MNIST. ROT turns each digit by a uniform angle in [0, 2π). BG-RAND puts noise,
 * uniform in 0–255 for each pixel, behind the digit. BG-IMG puts a random patch of one of 20 photographs behind it,
 * patches of low variance ignored. BG-IMG-ROT does both, the digit turned, the background not. 12 000 training
 * images, the last 2000 of them for validation, and 50 000 test images.
 *
 * Free choices here:
 * - the digits are drawn without replacement from the 70 000 of MNIST's train and test together;
 * - turning is about the image's centre, with bilinear interpolation, black outside;
 * - digit and background meet by the maximum of both;
 * - "low variance" is a standard deviation below 16 grey levels;
 * - half of the photographs serves train, half test, so that no test background was seen in training.
 */
import { ArgumentError, checkArgument, option, type Random, random } from '@funhash/hashing';
import { defineDataset, optionsFor } from '../define-dataset.ts';
import { type Backgrounds, backgroundPatches } from '../images/grey-image.ts';
import { type ImageDataset, imageDataset, imagesRule, type Split } from '../images/image-dataset.ts';
import { side } from '../images/image-side.ts';
import { uniformDirection } from '../images/uniform-direction.ts';
import { idxFolderRules, loadMnist } from './mnist.ts';
import {
  countsOf,
  drawnRules,
  patchRules,
  type VariationOptions,
  withBackgrounds,
} from './variation-options.ts';

const variations = {
  basic: { turned: false, background: 'none' },
  rot: { turned: true, background: 'none' },
  'bg-rand': { turned: false, background: 'noise' },
  'bg-img': { turned: false, background: 'patch' },
  'bg-img-rot': { turned: true, background: 'patch' },
} as const;

export type VariationName = keyof typeof variations;

const nameRule = option.oneOf(Object.keys(variations));

/**
 * Draws one of the MNIST variations. A seed decides every image, on every engine; the first n images of a split do
 * not depend on how many are drawn.
 *
 * @param mnist where the digits come from (28 × 28): `await loadMnist()`.
 * @throws ArgumentError when `mnist` has fewer digits than asked for, or backgrounds do not serve.
 */
export function variation(
  name: VariationName,
  mnist: ImageDataset,
  options: VariationOptions = {},
): ImageDataset {
  checkArgument('variation', 'name', nameRule, name);
  checkArgument('variation', 'mnist', imagesRule, mnist);
  const { width, height, channels, classes } = mnist;
  if (width !== side || height !== side || channels !== 1) {
    throw new ArgumentError({
      operation: 'variation',
      expected: `grey images of ${side} × ${side}`,
      actual: `${mnist.name} with ${width} × ${height} × ${channels}`,
    });
  }
  const pool = mnist.train.count + mnist.test.count;
  const { trainCount, testCount } = countsOf('variation', options, pool);
  const { turned, background } = variations[name];
  const root = random(options.seed ?? 0).fork(name);
  const order = root.fork('digits').permutation(pool);

  const draw = (
    digits: Uint32Array,
    draws: Random,
    nextBackground: (() => Uint8Array) | undefined,
  ): Split => {
    const images = new Uint8Array(digits.length * side * side);
    const labels = new Uint8Array(digits.length);
    digits.forEach((digit, i) => {
      const fromTrain = digit < mnist.train.count;
      const split = fromTrain ? mnist.train : mnist.test;
      const at = fromTrain ? digit : digit - mnist.train.count;
      const image = images.subarray(i * side * side, (i + 1) * side * side);
      image.set(split.inputs.subarray(at * side * side, (at + 1) * side * side));
      labels[i] = split.labels[at] as number;
      if (turned) turn(image, uniformDirection(draws));
      if (nextBackground) lighten(image, nextBackground());
    });
    return { count: digits.length, inputs: images, labels };
  };

  const backgrounds = backgroundsOf(background, options, root.fork('backgrounds'));
  const generated = background === 'patch' && !options.backgrounds;
  return imageDataset({
    name: generated ? `${name} (generated backgrounds)` : name,
    description:
      `${name}: ${mnist.name} digits varied after Larochelle et al. 2007, drawn by seed ${options.seed ?? 0}` +
      (backgrounds ? `; backgrounds: ${backgrounds.origin}` : ''),
    classes,
    width,
    height,
    channels,
    train: draw(order.subarray(0, trainCount), root.fork('train'), backgrounds?.train),
    test: draw(order.slice(pool - testCount).reverse(), root.fork('test'), backgrounds?.test),
  });
}

const [basicOptions, patchOptions] = [
  { ...idxFolderRules, ...drawnRules },
  { ...idxFolderRules, ...patchRules },
];
const drawn = { isDrawn: true, holdsImages: true } as const;

const mnistFor = (options: object) => loadMnist(optionsFor(idxFolderRules, options));

const plain = (name: VariationName) =>
  defineDataset({
    name,
    options: basicOptions,
    ...drawn,
    load: async (options) => variation(name, await mnistFor(options), optionsFor(drawnRules, options)),
  });

const patched = (name: VariationName) =>
  defineDataset({
    name,
    options: patchOptions,
    ...drawn,
    load: async (options) =>
      variation(name, await mnistFor(options), await withBackgrounds(optionsFor(patchRules, options))),
  });

export const basic = /* @__PURE__ */ plain('basic');
export const rot = /* @__PURE__ */ plain('rot');
export const bgRand = /* @__PURE__ */ plain('bg-rand');
export const bgImg = /* @__PURE__ */ patched('bg-img');
export const bgImgRot = /* @__PURE__ */ patched('bg-img-rot');

function backgroundsOf(
  kind: 'none' | 'noise' | 'patch',
  options: VariationOptions,
  random: Random,
): Backgrounds | undefined {
  if (kind === 'none') return undefined;
  if (kind === 'patch') return backgroundPatches(options.backgrounds, random);
  const train = random.fork('train');
  const test = random.fork('test');
  return { train: () => noise(train), test: () => noise(test), origin: 'noise' };
}

function noise(draws: Random): Uint8Array {
  const pixels = new Uint8Array(side * side);
  for (let i = 0; i < pixels.length; i++) pixels[i] = draws.integer(256);
  return pixels;
}

function lighten(image: Uint8Array, background: Uint8Array): void {
  for (let i = 0; i < image.length; i++) {
    image[i] = Math.max(image[i] as number, background[i] as number);
  }
}

/** Turns `image` in place about its centre by the angle of the given cosine and sine. */
function turn(image: Uint8Array, [cos, sin]: readonly [number, number]): void {
  const from = image.slice();
  const pixel = (x: number, y: number) =>
    x >= 0 && x < side && y >= 0 && y < side ? (from[y * side + x] as number) : 0;
  const centre = (side - 1) / 2;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const u = centre + cos * (x - centre) + sin * (y - centre);
      const v = centre - sin * (x - centre) + cos * (y - centre);
      const left = Math.floor(u);
      const top = Math.floor(v);
      const a = u - left;
      const b = v - top;
      const upper = (1 - a) * pixel(left, top) + a * pixel(left + 1, top);
      const lower = (1 - a) * pixel(left, top + 1) + a * pixel(left + 1, top + 1);
      image[y * side + x] = Math.round((1 - b) * upper + b * lower);
    }
  }
}
