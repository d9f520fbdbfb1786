import { checkArgument, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { Module } from '@funhash/layers';
import { scope, tensor } from '@funhash/tensor';
import type { PicturePlanes } from '../jpeg/decode-jpeg.ts';
import { requirePlanes } from '../picture.ts';
import { inputChannels, outputChannels } from './artifact-net.ts';
import { outputUnit, writeInput } from './net-input.ts';

/** Pixels of a tile across and down, and what it sees of its neighbours: a pixel for each convolution of 3 × 3 is needed. */
const usualSide = 512;
const margin = 16;

export const restoreRules = {
  /** Pixels of a tile across and down: memory grows with its square. Default 512. */
  tile: option.count(),
} as const;

const netRule = option.that<Module>('a network', (value) => value instanceof Module);

/** How a picture is restored; see the fields. */
export type RestoreOptions = OptionsOf<typeof restoreRules>;

/**
 * A picture with what a network adds to its planes: tile by tile, so that memory beside the planes is that of a tile. Tiles
 * overlap by more than the network sees; grey pictures take the luma of it.
 *
 * @param net such as `artifactNet()`, [B, H, W, 5] → [B, H, W, 3]
 * @throws OptionError for unknown options
 */
export function restore(picture: PicturePlanes, net: Module, options: RestoreOptions = {}): PicturePlanes {
  requirePlanes('restore', 'picture', picture);
  checkArgument('restore', 'net', netRule, net);
  checkOptions('restore', restoreRules, options);
  const copy = { ...picture, planes: picture.planes.map((plane) => plane.slice()) };
  restorePlanes(copy, net, options.tile);
  return copy;
}

/** Rows of a picture that are restored, and wait until no tile needs what they were. */
interface Band {
  readonly y: number;
  readonly planes: readonly Float32Array[];
}

/** Restores planes where they are: beside them memory is that of a tile and of the rows of two. */
export function restorePlanes(picture: PicturePlanes, net: Module, side: number = usualSide): void {
  const { stride, rows, planes } = picture;
  const waiting: Band[] = [];
  const finish = (most: number): void => {
    for (const band of waiting.splice(0, Math.max(0, waiting.length - most)))
      for (const [k, plane] of planes.entries()) plane.set(band.planes[k] as Float32Array, band.y * stride);
  };
  let input = new Float32Array(0);
  for (let y = 0; y < rows; y += side) {
    const end = Math.min(rows, y + side);
    const band = planes.map((plane) => plane.slice(y * stride, end * stride));
    for (let x = 0; x < stride; x += side) {
      const [left, top] = [Math.max(0, x - margin), Math.max(0, y - margin)];
      const [right, bottom] = [Math.min(stride, x + side + margin), Math.min(rows, end + margin)];
      const [width, height] = [right - left, bottom - top];
      const size = width * height * inputChannels;
      if (input.length !== size) input = new Float32Array(size);
      writeInput(picture, { x: left, y: top, width, height }, input);
      const added = scope(() => net.forward(tensor(input, [1, height, width, inputChannels])).dataSync());
      for (const [k, plane] of band.entries())
        for (let row = y; row < end; row++) {
          const from = ((row - top) * width + x - left) * outputChannels + k;
          addTo(plane, (row - y) * stride + x, Math.min(stride - x, side), added, from);
        }
    }
    waiting.push({ y, planes: band });
    // The next band sees this many of those above it.
    finish(Math.ceil(margin / side));
  }
  finish(0);
}

function addTo(plane: Float32Array, at: number, count: number, added: ArrayLike<number>, from: number): void {
  for (let col = 0, place = from; col < count; col++, place += outputChannels)
    plane[at + col] = (plane[at + col] as number) + outputUnit * (added[place] as number);
}
