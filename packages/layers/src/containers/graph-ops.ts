import {
  abs,
  add,
  argMax,
  averagePool,
  broadcastTo,
  cast,
  clip,
  concat,
  cos,
  cumsum,
  divide,
  equal,
  erf,
  exp,
  floor,
  gather,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logSoftmax,
  matmul,
  max,
  maximum,
  maxPool,
  mean,
  min,
  minimum,
  multiply,
  multiplyAdd,
  negative,
  type PadModeOptions,
  pad,
  power,
  prod,
  reciprocal,
  reshape,
  sign,
  sin,
  slice,
  softmax,
  sqrt,
  subtract,
  sum,
  transpose,
  where,
} from '@funhash/autodiff';
import { plainElu } from '@funhash/autodiff/op-parts';
import { type OptionRules, option } from '@funhash/hashing';
import { type Tensor, tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';

/** What a step of a graph does to the values that it reads. */
interface GraphOp {
  /** How many values it reads. */
  readonly reads: readonly [least: number, most: number];
  readonly options: OptionRules;
  run(operands: readonly Tensor[], options: Readonly<Record<string, never>>): Tensor;
}

type Unary = (x: Tensor) => Tensor;
type Binary = (x: Tensor, y: Tensor) => Tensor;

const unary = (run: Unary): GraphOp => ({ reads: [1, 1], options: {}, run: ([x]) => run(x as Tensor) });
const binary = (run: Binary): GraphOp => ({
  ...{ reads: [2, 2], options: {} },
  run: ([x, y]) => run(x as Tensor, y as Tensor),
});
const told = <O>(options: OptionRules, run: (x: Tensor, options: O) => Tensor): GraphOp => ({
  ...{ reads: [1, 1], options },
  run: ([x], given) => run(x as Tensor, given as O),
});

const isAxis = (value: unknown): boolean => Number.isInteger(value) && Math.abs(value as number) <= 16;
const isWhole = (value: unknown): boolean => Number.isSafeInteger(value);
const listOf = (expected: string, most: number, isMember: (value: unknown) => boolean) =>
  option.required(
    option.that<readonly never[]>(
      expected,
      (value) => Array.isArray(value) && value.length <= most && value.every(isMember),
    ),
  );

const axis = option.required(option.that<number>('the number of an axis', isAxis));
const axes = listOf('a list of axes', 16, isAxis);
const number = option.required(
  option.that<number>('a number', (value) => typeof value === 'number' && !Number.isNaN(value)),
);
const bound = option.that<number>('a number', (value) => typeof value === 'number' && !Number.isNaN(value));
const whole = option.that<number>('a whole number', isWhole);

const reduceRules = { axes, keepDims: option.flag() };
type ReduceOptions = { readonly axes: readonly number[]; readonly keepDims?: boolean };
const reduction = (
  run: (x: Tensor, options: { axis: readonly number[]; keepDims: boolean }) => Tensor,
): GraphOp =>
  told<ReduceOptions>(reduceRules, (x, { axes: axis, keepDims = false }) => run(x, { axis, keepDims }));

const alongAxis = (run: (x: Tensor, options: { axis: number }) => Tensor): GraphOp =>
  told<{ readonly axis: number }>({ axis }, (x, { axis }) => run(x, { axis }));

const poolRules = {
  kernel: layerOption.required(layerOption.perAxis()),
  stride: layerOption.perAxis(),
  padding: layerOption.padding(),
  dilation: layerOption.perAxis(),
};
type PoolOptions = Parameters<typeof maxPool>[1];

/** An extent of a result: a number, −1 for what is left, or as an axis of the operand has it. */
export type GraphExtent = number | { readonly axis: number };
const isExtent = (value: unknown): boolean =>
  (isWhole(value) && (value as number) >= -1) ||
  (typeof value === 'object' && value !== null && isAxis((value as { axis?: unknown }).axis));
const extents = listOf('numbers ≥ −1, or axes such as { axis: 0 }', 16, isExtent);
const extentsOn = (x: Tensor, shape: readonly GraphExtent[]): number[] =>
  shape.map((each) => (typeof each === 'number' ? each : (x.shape.at(each.axis) ?? -1)));

/** Ops of graphs by name; `layer` runs a layer of the graph. */
export const graphOps = {
  add: binary(add),
  subtract: binary(subtract),
  multiply: binary(multiply),
  divide: binary(divide),
  maximum: binary(maximum),
  minimum: binary(minimum),
  power: binary(power),
  greater: binary(greater),
  greaterEqual: binary(greaterEqual),
  less: binary(less),
  lessEqual: binary(lessEqual),
  equal: binary(equal),
  matmul: binary((x, y) => matmul(x, y)),
  where: { reads: [3, 3], options: {}, run: ([x, y, z]) => where(x as Tensor, y as Tensor, z as Tensor) },
  abs: unary(abs),
  cos: unary(cos),
  elu: unary(plainElu),
  erf: unary(erf),
  exp: unary(exp),
  floor: unary(floor),
  log: unary(log),
  negative: unary(negative),
  reciprocal: unary(reciprocal),
  sign: unary(sign),
  sin: unary(sin),
  sqrt: unary(sqrt),
  /** x · factor + offset. */
  linear: told<{ readonly factor: number; readonly offset: number }>(
    { factor: number, offset: number },
    (x, { factor, offset }) => multiplyAdd(x, factor, offset),
  ),
  clip: told<{ readonly low?: number; readonly high?: number }>(
    { low: bound, high: bound },
    (x, { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY }) => clip(x, low, high),
  ),
  raise: told<{ readonly exponent: number }>({ exponent: number }, (x, { exponent }) => power(x, exponent)),
  softmax: alongAxis(softmax),
  logSoftmax: alongAxis(logSoftmax),
  cumsum: alongAxis(cumsum),
  argMax: alongAxis(argMax),
  sum: reduction(sum),
  mean: reduction(mean),
  max: reduction(max),
  min: reduction(min),
  prod: reduction(prod),
  transpose: told<{ readonly order: readonly number[] }>({ order: axes }, (x, { order }) =>
    transpose(x, order),
  ),
  reshape: told<{ readonly shape: readonly GraphExtent[] }>({ shape: extents }, (x, { shape }) =>
    reshape(x, extentsOn(x, shape)),
  ),
  broadcast: told<{ readonly shape: readonly GraphExtent[] }>({ shape: extents }, (x, { shape }) =>
    broadcastTo(x, extentsOn(x, shape)),
  ),
  slice: told<{
    readonly axis: number;
    readonly start?: number;
    readonly stop?: number;
    readonly step?: number;
  }>({ axis, start: whole, stop: whole, step: whole }, (x, { axis, ...range }) => {
    const at = axis < 0 ? axis + x.rank : axis;
    return slice(x, [...Array.from({ length: at }, () => ({})), range]);
  }),
  /** Elements at places that are known. */
  take: told<{ readonly axis: number; readonly places: readonly number[] }>(
    { axis, places: listOf('a list of whole numbers', 2 ** 20, isWhole) },
    (x, { axis, places }) => gather(x, tensor(places, [places.length], { dtype: 'i32' }), { axis }),
  ),
  /** Elements of the first operand at places that the second one holds. */
  gather: {
    reads: [2, 2],
    options: { axis },
    run: ([x, places], options) =>
      gather(x as Tensor, cast(places as Tensor, 'i32'), { axis: options.axis as unknown as number }),
  },
  pad: told<{ readonly padding: readonly (readonly [number, number])[] } & PadModeOptions>(
    {
      padding: listOf(
        'pairs of whole numbers ≥ 0',
        16,
        (value) =>
          Array.isArray(value) &&
          value.length === 2 &&
          value.every((each) => Number.isInteger(each) && each >= 0 && each < 2 ** 31),
      ),
      value: option.that<number>('a number', (value) => typeof value === 'number'),
      mode: option.oneOf(['constant', 'reflect', 'edge', 'wrap']),
    },
    (x, { padding, ...options }) => pad(x, padding, options),
  ),
  maxPool: told<PoolOptions>(poolRules, (x, options) => maxPool(x, options)),
  averagePool: told<PoolOptions & { readonly countPadding?: boolean }>(
    { ...poolRules, countPadding: option.flag() },
    (x, options) => averagePool(x, options),
  ),
  concat: {
    reads: [1, 10_000],
    options: { axis },
    run: (operands, { axis }) => concat(operands, axis),
  },
} as const satisfies Readonly<Record<string, GraphOp>>;

export type GraphOpName = keyof typeof graphOps;
