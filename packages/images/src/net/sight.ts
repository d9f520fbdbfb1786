import { Conv2d, ConvTranspose2d, Graph, type Module, Sequential } from '@funhash/layers';

// How far a network sees, of what its layers say: tiles overlap by that.

/** What a value within a network knows of the picture. */
interface Sight {
  /** The most pixels that lie between it and what it depends on, across or down. */
  readonly reach: number;
  /** Pixels between neighbours. */
  readonly pixels: number;
  /** The most of these on the way: what tiles start at multiples of. */
  readonly grain: number;
}

/** What is assumed of networks with layers that are not known here. */
const unknown = { overlap: 16, grain: 2 } as const;

/** Pixels that a tile needs of its neighbours, a multiple of `grain`, of which tiles start at multiples. */
export interface Overlap {
  readonly overlap: number;
  readonly grain: number;
}

/** The overlap of tiles with which a network gives what it gives for the whole picture. */
export function overlapOf(net: Module): Overlap {
  const sight = through(net, { reach: 0, pixels: 1, grain: 1 });
  if (!sight) return unknown;
  const { reach, grain } = sight;
  return { overlap: Math.ceil(reach / grain) * grain, grain };
}

function through(layer: Module, from: Sight): Sight | undefined {
  if (layer instanceof Sequential)
    return layer.layers.reduce<Sight | undefined>((sight, each) => sight && through(each, sight), from);
  if (layer instanceof Graph) return throughGraph(layer, from);
  if (layer instanceof Conv2d) {
    const stride = most(layer.options.stride, 1);
    return seeing(from, windowReach(layer), from.pixels, from.pixels * stride);
  }
  if (layer instanceof ConvTranspose2d) {
    const pixels = from.pixels / most(layer.options.stride, 1);
    return seeing(from, windowReach(layer), pixels, pixels);
  }
  return undefined;
}

/** @param steps how many neighbours away, which are so many `apart` */
function seeing({ reach, grain }: Sight, steps: number, apart: number, pixels: number): Sight {
  return { reach: reach + steps * apart, pixels, grain: Math.max(grain, pixels) };
}

function throughGraph({ layers, steps }: Graph, from: Sight): Sight | undefined {
  const known: (Sight | undefined)[] = [from];
  for (const step of steps) {
    const read = (step.of ?? []).map((place) => known[place]);
    const joined = read.reduce((a, b) => a && b && widest(a, b));
    const layer = step.op === 'layer' ? layers[step.layer as number] : undefined;
    if (step.op === 'layer') known.push(joined && layer && through(layer, joined));
    else known.push(joins.includes(step.op) ? joined : undefined);
  }
  return known.at(-1);
}

/** Ops of graphs that take each pixel by itself. */
const joins: readonly string[] = ['concat', 'add'];

const widest = (a: Sight, b: Sight): Sight => ({
  reach: Math.max(a.reach, b.reach),
  pixels: Math.max(a.pixels, b.pixels),
  grain: Math.max(a.grain, b.grain),
});

/** How far a window reaches to one side, wherever it lies: with padding of so much before, at most to the rest of it behind. */
function windowReach({ options: { kernelSize, dilation, padding } }: Conv2d | ConvTranspose2d): number {
  const span = most(dilation, 1) * (most(kernelSize, 1) - 1);
  const before = padding === 'same' ? Math.floor(span / 2) : typeof padding === 'number' ? padding : 0;
  return Math.max(before, span - before);
}

const most = (value: number | readonly number[] | undefined, usual: number): number =>
  typeof value === 'object' ? value.reduce((a, b) => Math.max(a, b), 0) : (value ?? usual);
