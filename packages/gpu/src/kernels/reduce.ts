import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import { type Axes, axesKey, joined, loops, positionLines, quotient } from '../addressing.ts';
import type { GpuContext } from '../context.ts';
import type { DeviceArray, Elements } from '../device.ts';

type Reduction = 'sum' | 'max' | 'min';

// A comparison with NaN is false, so that NaN stays once it is in `result`.
const fold: Readonly<Record<Reduction, string>> = {
  sum: 'result = result + value;',
  max: 'if (value > result || value !== value) { result = value; }',
  min: 'if (value < result || value !== value) { result = value; }',
};

const neutral: Readonly<Record<Reduction, number>> = {
  sum: 0,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
};

// One element of the result is one thread: few threads with long loops would leave a GPU idle, so long sums of few
// results are formed in two passes.
const longLoop = 2048;
const fewResults = 4096;

export function reduceKernel(context: GpuContext): Kernels['reduce'] {
  const { memory } = context;
  return (op, x, out) => {
    const size = sizeOf(out.shape);
    if (size === 0) return;
    if (x.dtype === 'i32') return context.onReference('reduce', [op, x, out]);
    if (sizeOf(x.shape) === 0) return memory.storeConstant(out, neutral[op]);
    const [kept, folded] = split(x, out);
    const [source, from] = memory.argumentsOf(x);
    const count = sizeOf(folded.shape);
    if (count < longLoop || size > fewResults)
      return memory.store(out, reduced(context, op, source, from, size, kept, folded));
    const width = Math.ceil(Math.sqrt(count));
    const parts = partial(context, op, source, from, size, kept, folded, width);
    const many = Math.ceil(count / width);
    const acrossParts = { shape: [many], strides: [[size]] };
    memory.store(out, reduced(context, op, parts, 0, size, { shape: [size], strides: [[1]] }, acrossParts));
    parts.release();
  };
}

/** The axes of x that the result keeps, and those that are folded. */
function split(x: View, out: View): [kept: Axes, folded: Axes] {
  const pick = (isFolded: boolean): Axes => {
    const axes = x.shape.flatMap((extent, axis) =>
      (out.shape[axis] === 1 && extent !== 1) === isFolded ? [axis] : [],
    );
    return {
      shape: axes.map((axis) => x.shape[axis] as number),
      strides: [axes.map((axis) => x.strides[axis] as number)],
    };
  };
  return [pick(false), pick(true)];
}

function reduced(
  { device }: GpuContext,
  op: Reduction,
  source: Elements,
  from: number,
  length: number,
  kept: Axes,
  folded: Axes,
): DeviceArray {
  return device.run(`reduce:${op}:${length}:${axesKey(kept)}:${axesKey(folded)}`, [source, from], () => ({
    length,
    functions: [quotient],
    source: `function (source, from) {
      const index = this.thread.x;
      ${positionLines(kept, ['position'], 'index')}
      const first = from + position;
      let result = ${op === 'sum' ? '0.0' : 'source[first]'};
      let value = 0.0;
      ${loops(folded, ([at]) => `value = source[first + ${at}];\n${fold[op]}`)}
      return result;
    }`,
  }));
}

/** The first of two passes: each part of `width` elements by itself; the result is [parts, length]. */
function partial(
  { device }: GpuContext,
  op: Reduction,
  source: Elements,
  from: number,
  length: number,
  kept: Axes,
  folded: Axes,
  width: number,
): DeviceArray {
  const { shape, strides } = joined(folded);
  const count = sizeOf(shape);
  const key = `reducePart:${op}:${length}:${width}:${axesKey(kept)}:${axesKey(folded)}`;
  return device.run(key, [source, from], () => ({
    length: length * Math.ceil(count / width),
    functions: [quotient],
    source: `function (source, from) {
      const part = quotient(this.thread.x, ${length});
      const index = this.thread.x - part * ${length};
      ${positionLines(kept, ['position'], 'index')}
      const first = from + position;
      let result = 0.0;
      let value = 0.0;
      for (let k = 0; k < ${width}; k++) {
        const element = part * ${width} + k;
        if (element < ${count}) {
          ${positionLines({ shape, strides }, ['at'], 'element', 'e')}
          value = source[first + at];
          ${op === 'sum' ? fold.sum : `if (k < 1) { result = value; }\n${fold[op]}`}
        }
      }
      return result;
    }`,
  }));
}

/** One result for each line along the last axis. */
function lineKernel(
  { device, memory }: GpuContext,
  name: string,
  x: View,
  out: View,
  body: (element: string, width: number) => string,
): void {
  const width = x.shape.at(-1) as number;
  const step = x.strides.at(-1) as number;
  const lead: Axes = { shape: x.shape.slice(0, -1), strides: [x.strides.slice(0, -1)] };
  const length = sizeOf(out.shape);
  const [source, from] = memory.argumentsOf(x);
  const result = device.run(`${name}:${width}:${step}:${axesKey(lead)}`, [source, from], () => ({
    length,
    functions: [quotient],
    source: `function (source, from) {
      const index = this.thread.x;
      ${positionLines(lead, ['position'], 'index')}
      const first = from + position;
      ${body(`source[first + k * ${step}]`, width)}
    }`,
  }));
  memory.store(out, result);
}

export function argMaxKernel(context: GpuContext): Kernels['argMax'] {
  return (x, out) => {
    if (sizeOf(out.shape) === 0) return;
    lineKernel(
      context,
      'argMax',
      x,
      out,
      (element, width) => `let best = source[first];
      let at = 0.0;
      for (let k = 1; k < ${width}; k++) {
        const value = ${element};
        if (value > best || (value !== value && best === best)) { best = value; at = k; }
      }
      return at;`,
    );
  };
}

export function logSumExpKernel(context: GpuContext): Kernels['logSumExp'] {
  return (x, out) => {
    if (sizeOf(out.shape) === 0) return;
    if (x.shape.at(-1) === 0) return context.memory.storeConstant(out, Number.NEGATIVE_INFINITY);
    // A row of −∞ or one with +∞ or NaN is its own maximum: the difference below would be NaN.
    lineKernel(
      context,
      'logSumExp',
      x,
      out,
      (element, width) => `let most = source[first];
      for (let k = 1; k < ${width}; k++) {
        const value = ${element};
        if (value > most || value !== value) { most = value; }
      }
      let result = most;
      if (Math.abs(most) < 3.4028235e38) {
        let sum = 0.0;
        for (let k = 0; k < ${width}; k++) { sum = sum + Math.exp(${element} - most); }
        result = most + Math.log(sum);
      }
      return result;`,
    );
  };
}
