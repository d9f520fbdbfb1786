import {
  type Backend,
  contiguousStrides,
  type DType,
  fallbackCounts,
  type KernelName,
  referenceBackend,
  sizeOf,
  type TypedArray,
  type View,
} from '@funhash/tensor';
import fc from 'fast-check';

/** For specs: the same view on the reference and on the backend under test. */
export class Twin {
  readonly views: readonly [reference: View, tested: View];

  constructor(tested: Backend, values: TypedArray, layout: Layout, dtype: DType = 'f32') {
    this.views = [referenceBackend, tested].map((backend) => {
      const buffer = backend.allocate(dtype, values.length);
      backend.upload(buffer, values);
      return { buffer, dtype, ...layout };
    }) as [View, View];
  }
}

export interface Layout {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

export const contiguous = (shape: readonly number[]): Layout => ({
  shape,
  strides: contiguousStrides(shape),
  offset: 0,
});

/** Runs a kernel on both backends; twins among the arguments become views of either. */
export function runBoth<K extends KernelName>(tested: Backend, name: K, ...args: unknown[]): void {
  [referenceBackend, tested].forEach((backend, side) => {
    const kernel = backend.kernels[name] as (...args: unknown[]) => void;
    if (!kernel) throw new Error(`no kernel ${name}`);
    kernel(...args.map((arg) => onSide(arg, side)));
  });
}

function onSide(arg: unknown, side: number): unknown {
  if (arg instanceof Twin) return arg.views[side];
  if (Array.isArray(arg)) return arg.map((member) => onSide(member, side));
  if (typeof arg === 'object' && arg !== null && Object.getPrototypeOf(arg) === Object.prototype)
    return Object.fromEntries(Object.entries(arg).map(([key, member]) => [key, onSide(member, side)]));
  return arg;
}

/** Throws unless both buffers hold the same numbers, up to `tolerance` of the largest. */
export function expectSame(tested: Backend, twin: Twin, tolerance = 1e-5, what = 'values'): void {
  const [expected, actual] = twin.views.map(({ buffer }, side) =>
    Array.from(([referenceBackend, tested][side] as Backend).host?.(buffer) as Float32Array),
  ) as [number[], number[]];
  const finite = expected.filter(Number.isFinite).map(Math.abs);
  const scale = finite.reduce((most, value) => Math.max(most, value), 0);
  expected.forEach((value, k) => {
    const other = actual[k] as number;
    if (Object.is(value, other) || value === other) return;
    if (!(Math.abs(value - other) <= tolerance * Math.max(scale, 1e-30)))
      throw new Error(`${what}[${k}]: expected ${value}, got ${other} (of ${expected.length})`);
  });
}

/** Reproducible values in [−1, 1), from a small generator: fast-check need not shrink each of them. */
export function someValues(length: number, seed = 1): Float32Array {
  let state = seed >>> 0 || 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A layout of a given shape: axes in any order in memory, gaps, an offset, broadcast axes. */
export function layoutOf(
  shape: readonly number[],
  broadcast = false,
): fc.Arbitrary<Layout & { length: number }> {
  const rank = shape.length;
  return fc
    .record({
      order: fc.shuffledSubarray(
        Array.from({ length: rank }, (_, axis) => axis),
        { minLength: rank, maxLength: rank },
      ),
      plain: fc.boolean(),
      gap: fc.constantFrom(0, 0, 1, 3),
      offset: fc.constantFrom(0, 0, 1, 5),
      repeated: fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
    })
    .map(({ order, plain, gap, offset, repeated }) => {
      const strides = new Array<number>(rank).fill(0);
      let size = 1;
      for (const axis of plain ? [...order].sort((a, b) => b - a) : order) {
        if (broadcast && repeated[axis]) continue;
        strides[axis] = size;
        size = size * (shape[axis] as number) + gap;
      }
      return { shape, strides, offset, length: offset + Math.max(1, size, sizeOf(shape)) };
    });
}

/** Kernels of a backend of which some calls went to the reference; those that it lacks are not among them. */
export function ownOnReference({ lacks = [] }: Backend): string[] {
  const lacking = lacks.map((kernel) => `wasm.${kernel}`);
  return Object.keys(fallbackCounts())
    .filter((name) => !lacking.includes(name))
    .sort();
}
