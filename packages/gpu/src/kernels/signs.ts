import { isContiguous, type Kernels, type SignBounds, sizeOf, type View } from '@funhash/tensor';
import { type Axes, axesKey, loops, positionLines, quotient } from '../addressing.ts';
import type { GpuContext } from '../context.ts';
import type { DeviceArray, Elements } from '../device.ts';
import type { KernelFunction } from '../gpu-js.ts';
import { covers } from '../memory.ts';

/**
 * Kernels on packed signs. A word of 32 bits is not exact in f32: words are two halves of 16 bits each, the low one
 * first, and bits are found by halving.
 */

export function packSignsKernel(context: GpuContext): Kernels['packSigns'] {
  return (x, out, bounds) => {
    if (sizeOf(out.shape) === 0) return;
    if (!covers(out)) {
      context.onReference('packSigns', bounds ? [x, out, bounds] : [x, out]);
      return;
    }
    const [elements, from] = context.memory.argumentsOf(x);
    context.memory.storeHalves(
      out.buffer,
      pack(context, { shape: x.shape, strides: x.strides, elements, from }, bounds),
    );
  };
}

export function signMatmulKernel(context: GpuContext): Kernels['signMatmul'] {
  return (a, b, depth, out, bounds) => {
    const { memory } = context;
    if (sizeOf(out.shape) === 0) return;
    const [width, words] = b.shape as [number, number];
    if (words === 0 || !isContiguous(b.shape, b.strides) || (bounds && !covers(out))) {
      context.onReference('signMatmul', bounds ? [a, b, depth, out, bounds] : [a, b, depth, out]);
      return;
    }
    const sums = multiply(context, a, b, depth, out.shape.length - 1);
    if (!bounds) {
      memory.store(out, sums);
      return;
    }
    const shape = [...a.shape.slice(0, out.shape.length - 1), width];
    const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
    memory.storeHalves(out.buffer, pack(context, { shape, strides, elements: sums, from: 0 }, bounds));
    sums.release();
  };
}

interface Values {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly elements: Elements;
  /** Place of the first. */
  readonly from: number;
}

/** Halves of packed signs: a thread makes one, of 16 neighbours of a row. */
function pack({ device, memory }: GpuContext, values: Values, bounds: SignBounds | undefined): DeviceArray {
  const { shape, strides, elements, from } = values;
  const width = shape.at(-1) as number;
  const halves = 2 * Math.ceil(width / 32);
  const rows: Axes = { shape: shape.slice(0, -1), strides: [strides.slice(0, -1)] };
  const step = strides.at(-1) as number;
  const args = bounds
    ? [...memory.argumentsOf(bounds.least), memory.halvesOf(bounds.below.buffer), 2 * bounds.below.offset]
    : [];
  const names = ['x', 'fromX', 'width', ...(bounds ? ['least', 'fromLeast', 'below', 'fromBelow'] : [])];
  const key = `packSigns:${axesKey(rows)}:${halves}:${step}:${bounds !== undefined}`;
  return device.run(key, [elements, from, width, ...args], () => ({
    length: sizeOf(rows.shape) * halves,
    functions: [quotient, differingBits],
    source: `function (${names.join(', ')}) {
      const row = quotient(this.thread.x, ${halves});
      const half = this.thread.x - row * ${halves};
      ${positionLines(rows, ['place'], 'row')}
      let bits = 0.0;
      let power = 1.0;
      for (let k = 0; k < 16; k++) {
        const column = half * 16 + k;
        if (column < width) {
          if (x[fromX + place + column * ${step}] >= ${bounds ? 'least[fromLeast + column]' : '0.0'}) {
            bits = bits + power;
          }
        }
        power = power * 2.0;
      }
      return ${bounds ? 'differingBits(bits, below[fromBelow + half], 1)' : 'bits'};
    }`,
  }));
}

/** Sums of products of signs, f32 [rows of a, rows of b]: a thread makes one. */
function multiply(
  { device, memory }: GpuContext,
  a: View,
  b: View,
  depth: number,
  rowAxes: number,
): DeviceArray {
  const [width, words] = b.shape as [number, number];
  const doubled = a.strides.map((stride) => 2 * stride);
  const rowShape = a.shape.slice(0, rowAxes);
  const result: Axes = {
    shape: [...rowShape, width],
    strides: [
      [...doubled.slice(0, rowAxes), 0],
      [...rowShape.map(() => 0), 2 * words],
    ],
  };
  const columns: Axes = { shape: a.shape.slice(rowAxes), strides: [doubled.slice(rowAxes)] };
  const planes = sizeOf(columns.shape) / words;
  const key = `signMatmul:${axesKey(result)}:${axesKey(columns)}:${words}`;
  const args = [
    memory.halvesOf(a.buffer),
    2 * a.offset,
    memory.halvesOf(b.buffer),
    2 * b.offset,
    depth * (2 ** planes - 1),
  ];
  return device.run(key, args, () => ({
    length: sizeOf(result.shape),
    functions: [quotient, differingBits],
    source: `function (a, fromA, b, fromB, most) {
      ${positionLines(result, ['row', 'column'], 'this.thread.x')}
      let sum = most;
      let weight = 2.0;
      let word = 0;
      ${loops(
        columns,
        ([p]) => `const x = fromA + row + ${p};
        const y = fromB + column + word * 2;
        sum = sum - weight * (differingBits(a[x], b[y], 0) + differingBits(a[x + 1], b[y + 1], 0));
        word = word + 1;
        if (word >= ${words}) {
          word = 0;
          weight = weight * 2.0;
        }`,
      )}
      return sum;
    }`,
  }));
}

/** The bits in which two halves differ: how many, or those bits as a half where `asBits` is 1. */
const differingBits: KernelFunction = {
  name: 'differingBits',
  source: `function differingBits(a, b, asBits) {
    let left = a;
    let right = b;
    let found = 0.0;
    let value = 1.0;
    for (let k = 0; k < 16; k++) {
      const p = Math.floor(left * 0.5);
      const q = Math.floor(right * 0.5);
      const difference = left - 2.0 * p - (right - 2.0 * q);
      found = found + difference * difference * value;
      value = value * (1.0 + asBits);
      left = p;
      right = q;
    }
    return found;
  }`,
  argumentTypes: ['Number', 'Number', 'Number'],
  returnType: 'Number',
};
