import type { GRU, LSTM, Module, Weighted, WeightedOptions } from '@funhash/layers';
import { countOf, type NumberArray, transposed } from '../array.ts';

/** Origin of a file of weights: what parameters are called there, and how they lie. */
export type Origin = 'pytorch' | 'keras';

/** One tensor that a layer takes from a file. */
export interface Taken {
  /** Its name in the file, behind that of its layer. */
  readonly name: string;
  /** Its shape in the file. */
  readonly shape: readonly number[];
}

/** How a layer takes tensors. */
export interface Layout {
  readonly taken: readonly Taken[];
  /** Values of the layer, by the names of its parameters and buffers, of what was taken in that order. */
  values(arrays: readonly NumberArray[]): Readonly<Record<string, NumberArray>>;
}

type LayoutOf = (layer: Module, origin: Origin) => Layout;

interface Spatial {
  readonly in: number;
  readonly out: number;
  readonly groups?: number;
  readonly multiplier?: number;
  readonly kernelSize: number | readonly number[];
}

const hasBias = (layer: Module): boolean => (layer as Weighted<WeightedOptions>).bias !== undefined;

/** A matrix and a bias, of which the matrix lies in another order. */
function weighted(
  layer: Module,
  origin: Origin,
  names: { readonly pytorch: string; readonly keras: string },
  shape: readonly number[],
  order: readonly number[],
  out: number,
): Layout {
  const bias = hasBias(layer);
  return {
    taken: [{ name: names[origin], shape }, ...(bias ? [{ name: 'bias', shape: [out] }] : [])],
    values: ([matrix, offset]) => ({
      'weight.w': transposed(matrix as NumberArray, order),
      ...(bias && { bias: offset as NumberArray }),
    }),
  };
}

const matrixNames = { pytorch: 'weight', keras: 'kernel' };

const convolution =
  (axes: number): LayoutOf =>
  (layer, origin) => {
    const { in: inputs, out, groups = 1, kernelSize } = layer.options as Spatial;
    const kernel = typeof kernelSize === 'number' ? new Array<number>(axes).fill(kernelSize) : kernelSize;
    const own = inputs / groups;
    const spatial = kernel.map((_, k) => k);
    return origin === 'pytorch'
      ? weighted(layer, origin, matrixNames, [out, own, ...kernel], [0, ...spatial.map((k) => k + 2), 1], out)
      : weighted(layer, origin, matrixNames, [...kernel, own, out], [axes + 1, ...spatial, axes], out);
  };

/** Values for the last axis, under two sets of names. */
const normalization =
  (isBatch: boolean): LayoutOf =>
  (layer, origin) => {
    const { channels } = layer.options as { readonly channels: number | readonly number[] };
    const shape = typeof channels === 'number' ? [channels] : channels;
    const names =
      origin === 'pytorch'
        ? ['weight', 'bias', 'running_mean', 'running_var']
        : ['gamma', 'beta', 'moving_mean', 'moving_variance'];
    const own = ['scale', 'shift', 'mean', 'variance'].slice(0, isBatch ? 4 : 2);
    return {
      taken: own.map((_, k) => ({ name: names[k] as string, shape })),
      values: (arrays) => Object.fromEntries(own.map((name, k) => [name, arrays[k] as NumberArray])),
    };
  };

/** Rows of gates in another order. */
function gatesIn(array: NumberArray, order: readonly number[]): NumberArray {
  const block = array.data.length / order.length;
  const data = array.data.slice();
  order.forEach((gate, k) => {
    data.set(array.data.subarray(gate * block, (gate + 1) * block), k * block);
  });
  return { ...array, data };
}

const turned = (array: NumberArray): NumberArray => transposed(array, [1, 0]);

const rowOf = (array: NumberArray, row: number, count: number): NumberArray => {
  const length = array.data.length / count;
  return { ...array, shape: [length], data: array.data.slice(row * length, (row + 1) * length) };
};

const plus = (a: NumberArray, b: NumberArray): NumberArray => ({
  ...a,
  data: Float32Array.from(a.data, (value, k) => value + (b.data[k] as number)),
});

/** A forget gate whose layer adds a number of its own. */
function withoutForgetBias(bias: NumberArray, forgetBias: number): NumberArray {
  const hidden = bias.data.length / 4;
  return {
    ...bias,
    data: Float32Array.from(bias.data, (value, k) =>
      k >= hidden && k < 2 * hidden ? value - forgetBias : value,
    ),
  };
}

const recurrent =
  (isLstm: boolean): LayoutOf =>
  (layer, origin) => {
    const {
      in: width,
      hiddenSize,
      layers = 1,
      bidirectional,
      forgetBias = 1,
    } = (layer as LSTM | GRU).options as LSTM['options'];
    const rows = (isLstm ? 4 : 3) * hiddenSize;
    const { input } = (layer as LSTM | GRU).part(0, 0);
    const bias = input.bias !== undefined;
    const taken: Taken[] = [];
    const readers: ((arrays: readonly NumberArray[]) => Readonly<Record<string, NumberArray>>)[] = [];
    const directions = bidirectional ? 2 : 1;
    for (let l = 0; l < layers; l++)
      for (let d = 0; d < directions; d++) {
        const cols = l === 0 ? width : hiddenSize * directions;
        const first = taken.length;
        const end = `${d === 1 ? 'Reverse' : ''}${l === 0 ? '' : l}`;
        const place = (name: string): string => `${name}${end}`;
        if (origin === 'pytorch') {
          const suffix = `l${l}${d === 1 ? '_reverse' : ''}`;
          taken.push(
            { name: `weight_ih_${suffix}`, shape: [rows, cols] },
            { name: `weight_hh_${suffix}`, shape: [rows, hiddenSize] },
          );
          if (bias)
            taken.push(
              { name: `bias_ih_${suffix}`, shape: [rows] },
              { name: `bias_hh_${suffix}`, shape: [rows] },
            );
        } else {
          taken.push(
            { name: 'kernel', shape: [cols, rows] },
            { name: 'recurrent_kernel', shape: [hiddenSize, rows] },
          );
          if (bias) taken.push({ name: 'bias', shape: isLstm ? [rows] : [2, rows] });
        }
        readers.push((arrays) => {
          const [w, r, b, c] = arrays.slice(first) as [NumberArray, NumberArray, NumberArray, NumberArray];
          // Gates of a GRU are z r h in Keras, r z h here and in PyTorch.
          const order = isLstm ? [0, 1, 2, 3] : origin === 'keras' ? [1, 0, 2] : [0, 1, 2];
          const isTurned = origin === 'keras';
          const own = isTurned && !isLstm && b ? rowOf(b, 0, 2) : b;
          const other = isTurned ? (!isLstm && b ? rowOf(b, 1, 2) : undefined) : c;
          const sum = isLstm && other ? plus(own, other) : own;
          return {
            [`${place('input')}.weight.w`]: gatesIn(isTurned ? turned(w) : w, order),
            [`${place('recurrent')}.weight.w`]: gatesIn(isTurned ? turned(r) : r, order),
            ...(bias && {
              [`${place('input')}.bias`]: isLstm ? withoutForgetBias(sum, forgetBias) : gatesIn(sum, order),
            }),
            ...(bias && !isLstm && other && { [`${place('recurrent')}.bias`]: gatesIn(other, order) }),
          };
        });
      }
    return {
      taken,
      values: (arrays) => Object.fromEntries(readers.flatMap((read) => Object.entries(read(arrays)))),
    };
  };

/** Layouts by the type of a layer. */
export const layouts: Readonly<Record<string, LayoutOf>> = {
  dense: (layer, origin) => {
    const { in: width, out } = layer.options as { readonly in: number; readonly out: number };
    return origin === 'pytorch'
      ? weighted(layer, origin, matrixNames, [out, width], [0, 1], out)
      : weighted(layer, origin, matrixNames, [width, out], [1, 0], out);
  },
  conv1d: convolution(1),
  conv2d: convolution(2),
  conv3d: convolution(3),
  depthwiseConv2d: (layer, origin) => {
    const { in: channels, multiplier = 1, kernelSize } = layer.options as Spatial;
    const kernel = typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize;
    const out = channels * multiplier;
    return origin === 'pytorch'
      ? weighted(layer, origin, matrixNames, [out, 1, ...kernel], [0, 2, 3, 1], out)
      : weighted(
          layer,
          origin,
          { ...matrixNames, keras: 'depthwise_kernel' },
          [...kernel, channels, multiplier],
          [2, 3, 0, 1],
          out,
        );
  },
  convTranspose2d: (layer, origin) => {
    const { in: inputs, out, groups = 1, kernelSize } = layer.options as Spatial;
    const kernel = typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize;
    return origin === 'pytorch'
      ? weighted(layer, origin, matrixNames, [inputs, out / groups, ...kernel], [0, 2, 3, 1], out)
      : weighted(layer, origin, matrixNames, [...kernel, out / groups, inputs], [3, 0, 1, 2], out);
  },
  embedding: (layer, origin) => {
    const { in: rows, out } = layer.options as { readonly in: number; readonly out: number };
    const name = origin === 'pytorch' ? 'weight' : 'embeddings';
    return {
      taken: [{ name, shape: [rows, out] }],
      values: ([table]) => ({ 'weight.w': table as NumberArray }),
    };
  },
  batchNorm: normalization(true),
  layerNorm: normalization(false),
  lstm: recurrent(true),
  gru: recurrent(false),
};

/** A matrix [out, columns] whose columns lie in the order of images here: (c, y, x) as (y, x, c). */
export function columnsOfImage(
  matrix: NumberArray,
  [height, width, channels]: readonly [number, number, number],
): NumberArray {
  const [out] = matrix.shape as [number];
  return {
    ...transposed({ ...matrix, shape: [out, channels, height, width] }, [0, 2, 3, 1]),
    shape: [out, countOf([height, width, channels])],
  };
}
