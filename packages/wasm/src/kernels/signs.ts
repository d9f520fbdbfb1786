import { type Kernels, type SignBounds, sizeOf } from '@funhash/tensor';
import { type Exports, ModuleBuilder } from '../assembler/module-builder.ts';
import type { Context } from '../context.ts';
import { addressOf } from '../layout.ts';
import {
  blockRows,
  chunkWords,
  countTables,
  placesBytes,
  type SignCode,
  segmentWords,
  signCode,
  stripLanes,
  stripWordBytes,
  tileRows,
} from '../signs/sign-code.ts';
import { withContiguous } from './copy.ts';

/** Up to so many rows are multiplied one by one: fewer would leave most lanes of a panel empty. */
const mostSingleRows = 8;

const wordBytes = 4;
/** The most lanes of a panel: its chunks, and the sums that go with them, stay in a first cache. */
const mostLanes = 4 * stripLanes;

/** The addresses of the bounds of a channel; without bounds, zeros that are read again and again. */
interface BoundsAt {
  readonly least: number;
  readonly leastStep: number;
  readonly below: number;
  readonly belowStep: number;
}

/** Compiled at first use: most networks have no packed signs. */
class Signs {
  readonly #context: Context;
  #made: { readonly code: Exports<SignCode>; readonly zeros: number } | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  get code(): Exports<SignCode> {
    return this.#compiled.code;
  }

  get #compiled() {
    if (!this.#made) {
      const { memory, instructions } = this.#context;
      const tables = memory.allocate(256);
      const zeros = memory.allocate(blockRows * 4);
      memory.view('u8', tables, 256).set(countTables());
      memory.view('i32', zeros, blockRows).fill(0);
      const module = new ModuleBuilder();
      signCode(module, instructions, tables);
      this.#made = { code: module.instantiate<SignCode>(memory.memory), zeros };
    }
    return this.#made;
  }

  boundsAt(bounds: SignBounds | undefined): BoundsAt {
    const { zeros } = this.#compiled;
    if (!bounds) return { least: zeros, leastStep: 0, below: zeros, belowStep: 0 };
    const { least, below } = bounds;
    return {
      least: addressOf(least),
      leastStep: 4 * blockRows,
      below: addressOf(below),
      belowStep: wordBytes,
    };
  }
}

/** Both kernels, over code that they share. */
export function signKernels(context: Context): Pick<Kernels, 'packSigns' | 'signMatmul'> {
  const signs = new Signs(context);
  const { memory, onReference } = context;

  const packSigns: Kernels['packSigns'] = (x, out, bounds) => {
    if (x.dtype !== 'f32') return onReference('packSigns', [x, out, bounds]);
    const channels = x.shape.at(-1) as number;
    const words = out.shape.at(-1) as number;
    if (channels === 0) return;
    const { least, leastStep, below, belowStep } = signs.boundsAt(bounds);
    withContiguous(context, x, (source) => {
      signs.code.packRows(
        sizeOf(out.shape) / words,
        channels,
        addressOf(source),
        channels * 4,
        addressOf(out),
        words * wordBytes,
        least,
        leastStep,
        below,
        belowStep,
      );
    });
  };

  const signMatmul: Kernels['signMatmul'] = (a, b, depth, out, bounds) => {
    const [channels, words] = b.shape as [number, number];
    const rowAxes = out.shape.length - 1;
    const rows = sizeOf(out.shape.slice(0, rowAxes));
    if (rows === 0 || channels === 0) return;
    const planes = words === 0 ? 1 : sizeOf(a.shape.slice(rowAxes)) / words;
    const place = signs.boundsAt(bounds);
    withContiguous(context, a, (left) => {
      const product: Product = {
        code: signs.code,
        left: addressOf(left),
        right: addressOf(b),
        depth,
        words,
        planes,
        channels,
      };
      const lanes = Math.min(mostLanes, 16 * Math.ceil(rows / 16));
      const productBytes = lanes * blockRows * 4;
      const sumBytes = 2 * blockRows * lanes;
      const panelBytes = stripWordBytes * words * planes * Math.ceil(lanes / stripLanes);
      memory.withBlock(productBytes + sumBytes + placesBytes + panelBytes, (products) => {
        const sums = products + productBytes;
        const places = sums + sumBytes;
        const blocks = { products, sums, places, panel: places + placesBytes };
        for (let from = 0; from < rows; from += lanes)
          multiplyRows(context, product, blocks, from, Math.min(lanes, rows - from), (first, count) =>
            finish(first, count, from, Math.min(lanes, rows - from), products),
          );
      });
    });

    /** Products of columns [first, first + count) with rows [from, from + many) become elements of out. */
    function finish(first: number, count: number, from: number, many: number, products: number): void {
      const { code } = signs;
      code.toFloats(many, products, products);
      if (bounds) {
        const outWords = out.shape.at(-1) as number;
        const block = first / blockRows;
        code.packRows(
          many,
          count,
          products,
          blockRows * 4,
          addressOf(out) + (from * outWords + block) * wordBytes,
          outWords * wordBytes,
          place.least + block * place.leastStep,
          0,
          place.below + block * place.belowStep,
          0,
        );
      } else
        context.code.copy(
          addressOf(out) + (from * channels + first) * 4,
          products,
          1,
          1,
          many,
          count,
          0,
          0,
          channels * 4,
          4,
          0,
          0,
          blockRows * 4,
          4,
        );
    }
  };

  return { packSigns, signMatmul };
}

interface Product {
  readonly code: Exports<SignCode>;
  /** Addresses of rows a [·, planes · words] and b [channels, words]. */
  readonly left: number;
  readonly right: number;
  readonly depth: number;
  readonly words: number;
  readonly planes: number;
  readonly channels: number;
}

interface Blocks {
  /** [lanes, blockRows], i32. */
  readonly products: number;
  /** [blockRows, lanes], of 16 bits. */
  readonly sums: number;
  /** The places of tables, for a chunk of the rows of b. */
  readonly places: number;
  /** Strips of rows of a, for each plane. */
  readonly panel: number;
}

/** Multiplies rows [from, from + many) of a with all of b, and calls `finish` for every block of columns. */
function multiplyRows(
  { code: shared }: Context,
  { code, left, right, depth, words, planes, channels }: Product,
  { products, sums, places, panel }: Blocks,
  from: number,
  many: number,
  finish: (first: number, count: number) => void,
): void {
  const rowBytes = words * wordBytes;
  const start = left + from * planes * rowBytes;
  const alone = many <= mostSingleRows;
  const lanes = 16 * Math.ceil(many / 16);
  const stripBytes = words * stripWordBytes;
  const planeBytes = stripBytes * Math.ceil(many / stripLanes);
  if (!alone)
    for (let plane = 0; plane < planes; plane++)
      for (let lane = 0; lane < many; lane += stripLanes)
        code.writeStrip(
          Math.min(stripLanes, many - lane),
          words,
          start + (lane * planes + plane) * rowBytes,
          planes * rowBytes,
          panel + plane * planeBytes + (lane / stripLanes) * stripBytes,
        );
  for (let first = 0; first < channels; first += blockRows) {
    const columns = Math.min(blockRows, channels - first);
    const b = right + first * rowBytes;
    // What a last tile has behind the columns is counted and never read.
    const tiles = Math.ceil(columns / tileRows);
    // From the highest plane to the lowest, doubling what is there.
    for (let plane = planes - 1; plane >= 0; plane--)
      for (let word = 0; word === 0 || word < words; word += segmentWords) {
        const scale = word > 0 ? 1 : plane === planes - 1 ? 0 : 2;
        const base = word > 0 ? 0 : depth;
        const within = Math.min(segmentWords, words - word);
        const at = word * wordBytes;
        if (alone) {
          for (let m = 0; m < many; m++) {
            const row = start + (m * planes + plane) * rowBytes + at;
            code.dots(columns, within, row, b + at, rowBytes, products + m * blockRows * 4, base, scale);
          }
          continue;
        }
        shared.clear(sums, 2 * columns * lanes);
        for (let chunk = word; chunk < word + within; chunk += chunkWords) {
          const length = Math.min(chunkWords, word + within - chunk);
          code.writePlaces(columns, length, b + chunk * wordBytes, rowBytes, places);
          const strips = panel + plane * planeBytes + chunk * stripWordBytes;
          for (let lane = 0; lane < lanes; lane += stripLanes) {
            const strip = strips + (lane / stripLanes) * stripBytes;
            const count = lanes - lane > 16 ? code.count2 : code.count1;
            count(tiles, places, strip + length * stripWordBytes, strip, sums + 2 * lane, 2 * lanes);
          }
        }
        code.spread(many, columns, 2 * lanes, sums, products, base, scale);
      }
    finish(first, columns);
  }
}
