import { checkArgument, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { Module } from '@funhash/layers';
import { scope, tensor } from '@funhash/tensor';
import type { PicturePlanes } from '../jpeg/decode-jpeg.ts';
import { requirePlanes } from '../picture.ts';
import { inputChannels, outputChannels } from './artifact-net.ts';
import { type Area, outputUnit, writeInput } from './net-input.ts';
import { overlapOf } from './sight.ts';

/** Pixels of a tile across and down. */
const usualSide = 512;

export const restoreRules = {
  /** Most pixels of a tile across and down: memory grows with its square. Default 512. */
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

/** What is to be added to a part of a picture, and waits until no tile needs what was there. */
interface Addition {
  readonly area: Area;
  /** Values of the network, those of the area's first pixel from `from` on, rows so many apart. */
  readonly added: ArrayLike<number>;
  readonly from: number;
  readonly rowStep: number;
}

/** Restores planes where they are: beside them memory is that of a tile and of what is added to the rows of two. */
export function restorePlanes(picture: PicturePlanes, net: Module, side: number = usualSide): void {
  const { stride, rows } = picture;
  const { overlap, grain } = overlapOf(net);
  const [columns, bands] = [partsOf(stride, side, grain), partsOf(rows, side, grain)];
  const waiting: Addition[][] = [];
  // A band sees this many of those above it.
  const seen = Math.ceil(overlap / (bands[0] as Part).size);
  const finish = (most: number): void => {
    for (const band of waiting.splice(0, Math.max(0, waiting.length - most)))
      for (const addition of band) addTo(picture, addition);
  };
  let input = new Float32Array(0);
  for (const { at: y, size: tall } of bands) {
    const band: Addition[] = [];
    for (const { at: x, size: wide } of columns) {
      const [left, top] = [Math.max(0, x - overlap), Math.max(0, y - overlap)];
      const [right, bottom] = [Math.min(stride, x + wide + overlap), Math.min(rows, y + tall + overlap)];
      const [width, height] = [right - left, bottom - top];
      const size = width * height * inputChannels;
      if (input.length !== size) input = new Float32Array(size);
      writeInput(picture, { x: left, y: top, width, height }, input);
      const added = scope(() => net.forward(tensor(input, [1, height, width, inputChannels])).dataSync());
      const from = ((y - top) * width + x - left) * outputChannels;
      band.push({ area: { x, y, width: wide, height: tall }, added, from, rowStep: width * outputChannels });
    }
    waiting.push(band);
    finish(seen);
  }
  finish(0);
}

interface Part {
  readonly at: number;
  readonly size: number;
}

/** An extent in as few parts as their largest size allows, of nearly equal sizes, which start at multiples of the grain. */
function partsOf(extent: number, most: number, grain: number): Part[] {
  const largest = Math.ceil(most / grain) * grain;
  const count = Math.ceil(extent / largest);
  const size = Math.ceil(extent / count / grain) * grain;
  return Array.from({ length: Math.ceil(extent / size) }, (_, k) => ({
    at: k * size,
    size: Math.min(size, extent - k * size),
  }));
}

function addTo({ planes, stride }: PicturePlanes, { area, added, from, rowStep }: Addition): void {
  const { x, y, width, height } = area;
  for (const [k, plane] of planes.entries())
    for (let row = 0; row < height; row++) {
      const at = (y + row) * stride + x;
      for (let col = 0, place = from + row * rowStep + k; col < width; col++, place += outputChannels)
        plane[at + col] = (plane[at + col] as number) + outputUnit * (added[place] as number);
    }
}
