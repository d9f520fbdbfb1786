import type { PlanView } from '@funhash/tensor';
import type { Product } from '../operations.ts';
import type { Graph } from './graph.ts';
import type { Value } from './parts.ts';

/**
 * A product with overlapping windows on an image as a convolution: the sums, [rows…, channels]. Undefined where the windows
 * are none of an image as it lies in memory, channels last.
 *
 * @param weight [channels, depth]
 * @param bias [channels]
 */
export function convolutionNodes(
  graph: Graph,
  { rowAxes, width }: Pick<Product, 'rowAxes' | 'width'>,
  x: PlanView,
  image: Value,
  weight: Value,
  bias: Value | undefined,
): Value | undefined {
  const spatial = rowAxes - 1;
  const { shape: extents } = image;
  const depth = x.shape.slice(rowAxes);
  if (spatial < 1 || spatial > 3 || extents.length !== spatial + 2 || depth.length !== spatial + 1)
    return undefined;
  const units = contiguous(extents);
  const channels = depth[spatial] as number;
  let rest = x.offset;
  const starts = units.map((unit) => {
    const start = Math.floor(rest / unit);
    rest -= start * unit;
    return start;
  });
  const steps: number[] = [];
  const gaps: number[] = [];
  const ends = [...starts];
  for (let axis = 0; axis < spatial; axis++) {
    const unit = units[axis + 1] as number;
    const [rows, kernel] = [x.shape[axis + 1] as number, depth[axis] as number];
    const step = rows > 1 ? (x.strides[axis + 1] as number) / unit : 1;
    const gap = kernel > 1 ? (x.strides[rowAxes + axis] as number) / unit : 1;
    if (!Number.isInteger(step) || !Number.isInteger(gap) || step < 1 || gap < 1) return undefined;
    steps.push(step);
    gaps.push(gap);
    ends[axis + 1] = (starts[axis + 1] as number) + (rows - 1) * step + (kernel - 1) * gap + 1;
  }
  const batch = x.shape[0] as number;
  if (batch > 1 && x.strides[0] !== units[0]) return undefined;
  if (channels > 1 && x.strides.at(-1) !== 1) return undefined;
  ends[0] = (starts[0] as number) + batch;
  ends[spatial + 1] = (starts[spatial + 1] as number) + channels;
  if (ends.some((end, axis) => end > (extents[axis] as number))) return undefined;
  const axes = Array.from({ length: spatial }, (_, axis) => axis + 1);
  const first = [0, spatial + 1, ...axes];
  const part = graph.transpose(graph.slice(image, starts, ends), first);
  const kernel = graph.transpose(graph.reshape(weight, [width, ...depth]), first);
  const out = [batch, width, ...x.shape.slice(1, rowAxes)];
  const isOne = (numbers: readonly number[]): boolean => numbers.every((number) => number === 1);
  const sums = graph.node('Conv', [part, kernel, ...(bias ? [bias] : [])], 'f32', out, {
    ...(!isOne(steps) && { strides: steps }),
    ...(!isOne(gaps) && { dilations: gaps }),
  });
  return graph.transpose(sums, [0, ...axes.map((axis) => axis + 1), 1]);
}

function contiguous(extents: readonly number[]): readonly number[] {
  let stride = 1;
  return extents
    .toReversed()
    .map((extent) => {
      const own = stride;
      stride *= extent;
      return own;
    })
    .toReversed();
}
