import { checkArgument, option, random } from '@funhash/hashing';
import { defineDataset } from '../define-dataset.ts';
import { backgroundPatches } from '../images/grey-image.ts';
import { type ImageDataset, imageDataset } from '../images/image-dataset.ts';
import { side } from '../images/image-side.ts';
import { drawConvex } from './convex.ts';
import { drawRectangles, drawRectanglesOfPatches } from './rectangles.ts';
import {
  countsOf,
  drawnRules,
  patchRules,
  type VariationOptions,
  withBackgrounds,
} from './variation-options.ts';

const names = ['rect', 'rect-img', 'convex'] as const;

export type ShapeName = (typeof names)[number];

/**
 * Draws one of the shape problems of Larochelle et al., ICML 2007: two classes, 28 × 28. `convex.ts` and
 * `rectangles.ts` say what is published and what is a free choice. A seed decides every image, on every engine; the
 * first n images of a split do not depend on how many are drawn.
 *
 * The published archives hold fewer training images of two of them (RECT 1200, CONVEX 8000); the default is 12 000
 * for all, as in the HashedNets paper. Labels: 1 is tall (rect, rect-img) or convex.
 *
 * @throws ArgumentError on another name, wrong counts or backgrounds that do not serve.
 */
export function shapes(name: ShapeName, options: VariationOptions = {}): ImageDataset {
  checkArgument('shapes', 'name', option.oneOf(names), name);
  const { trainCount, testCount } = countsOf('shapes', options);
  const root = random(options.seed ?? 0).fork(name);
  const trainDraws = root.fork('train');
  const testDraws = root.fork('test');
  const common = { classes: 2, width: side, height: side, channels: 1 };
  const description = `${name}, after Larochelle et al. 2007, drawn by seed ${options.seed ?? 0}`;
  if (name === 'rect-img') {
    const patches = backgroundPatches(options.backgrounds, root.fork('backgrounds'));
    return imageDataset({
      name: options.backgrounds ? name : `${name} (generated backgrounds)`,
      description: `${description}; backgrounds: ${patches.origin}`,
      ...common,
      train: drawRectanglesOfPatches(trainCount, trainDraws, patches.train),
      test: drawRectanglesOfPatches(testCount, testDraws, patches.test),
    });
  }
  const draw = name === 'rect' ? drawRectangles : drawConvex;
  return imageDataset({
    name,
    description,
    ...common,
    train: draw(trainCount, trainDraws),
    test: draw(testCount, testDraws),
  });
}

const drawn = { isDrawn: true, holdsImages: true } as const;
export const rect = /* @__PURE__ */ defineDataset({
  name: 'rect',
  options: drawnRules,
  ...drawn,
  load: async (options) => shapes('rect', options),
});
export const rectImg = /* @__PURE__ */ defineDataset({
  name: 'rect-img',
  options: patchRules,
  ...drawn,
  load: async (options) => shapes('rect-img', await withBackgrounds(options)),
});
export const convex = /* @__PURE__ */ defineDataset({
  name: 'convex',
  options: drawnRules,
  ...drawn,
  load: async (options) => shapes('convex', options),
});
