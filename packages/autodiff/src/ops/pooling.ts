import { type Program, Real, tracePointwise } from '@funhash/formula';
import {
  ArgumentError,
  checkOptions,
  type OptionRule,
  type OptionRules,
  type OptionsOf,
  option,
  shownValue,
} from '@funhash/hashing';
import { requireTensor, runMap, runPlace, type Tensor, tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { type NoOptions, refuseOptions } from './option-rules.ts';
import { multiply } from './pointwise.ts';
import { max, mean } from './reduce.ts';
import { broadcastTo, padWith, reshape } from './views.ts';
import { type PaddedWindowOptions, paddedWindowRules, planWindows, type WindowPlan } from './window-plan.ts';
import { addPieces, overlapAddBy, piecesOf } from './windows.ts';

/** Options of `maxPool`: windows as of `windows`, whose stride is the kernel by default, and padding. */
export type PoolOptions = PaddedWindowOptions;

const averageRules = {
  ...paddedWindowRules,
  /** Whether padding counts among the elements of a window. Default true, as in PyTorch. */
  countPadding: option.flag() as OptionRule<boolean | undefined, false>,
};

/** Options of `averagePool`. */
export type AveragePoolOptions = OptionsOf<typeof averageRules>;

/**
 * The largest element of every window, channel by channel: x [B, ...spatial, C] → [B, ...out, C]. Padding is −∞. The
 * gradient goes to the first of equal elements in row-major order.
 *
 * @throws ShapeError where the kernel is larger than the padded x; ArgumentError where padding exceeds half the
 * kernel; OptionError for an unknown option
 */
export function maxPool(x: Tensor, options: PoolOptions): Tensor {
  requireTensor('maxPool', x);
  const plan = planPool('maxPool', x, paddedWindowRules, options);
  return overWindows(x, plan, Number.NEGATIVE_INFINITY, (pieces) => {
    const [output] = runMap('maxPool', maximumOf(pieces.length), pieces) as [Tensor];
    return recorded([x], output, (g) => [toMaximum(g, x, plan)]);
  });
}

/** g [B, ...out, C] at the first maximum of each window on x, added up; no gradient by x, where it is 0. */
function toMaximum(g: Tensor, x: Tensor, plan: WindowPlan): Tensor {
  const shape = [x.shape[0] as number, ...plan.padded, x.shape.at(-1) as number];
  const pieces = overWindows(x, plan, Number.NEGATIVE_INFINITY, (elements) =>
    runMap('maxPool gradient', partsOfMaximum(elements.length), [...elements, g]),
  );
  const added = addPieces(pieces, shape, plan);
  for (const piece of pieces) piece.dispose();
  const starts = x.size === 0 ? [] : plan.padding.map(([before]) => before);
  const output = added.view(
    x.shape,
    added.strides,
    starts.reduce((at, start, axis) => at + start * (added.strides[axis + 1] as number), 0),
  );
  added.dispose();
  return recorded([g], output, (h) => [atMaximum(h, x, plan)]);
}

/** The element of h [B, ...spatial, C] at the first maximum of each window on x; no gradient by x. */
function atMaximum(h: Tensor, x: Tensor, plan: WindowPlan): Tensor {
  return overWindows(x, plan, Number.NEGATIVE_INFINITY, (elements) =>
    overWindows(h, plan, 0, (chosen) => {
      const [output] = runMap('maxPool', choiceByMaximum(elements.length), [...elements, ...chosen]) as [
        Tensor,
      ];
      return recorded([h], output, (g) => [toMaximum(g, x, plan)]);
    }),
  );
}

/**
 * The mean of every window, channel by channel: x [B, ...spatial, C] → [B, ...out, C]. Padding is 0.
 *
 * @throws ShapeError where the kernel is larger than the padded x; ArgumentError where padding exceeds half the
 * kernel; OptionError for an unknown option
 */
export function averagePool(x: Tensor, options: AveragePoolOptions): Tensor {
  requireTensor('averagePool', x);
  const plan = planPool('averagePool', x, averageRules, options);
  const { countPadding = true } = options;
  const isPadded = plan.padding.flat().some((amount) => amount > 0);
  const padded = isPadded ? padWith(x, [[0, 0], ...plan.padding, [0, 0]]) : x;
  const means = windowMean(padded, { ...plan, padding: plan.padding.map(() => [0, 0]) });
  return countPadding || !isPadded ? means : multiply(means, uncounted(x, plan));
}

function windowMean(x: Tensor, plan: WindowPlan): Tensor {
  const pieces = piecesOf(x, plan);
  const count = pieces.length;
  const [output] = runMap('averagePool', meanOf(count), pieces, [1 / count]) as [Tensor];
  for (const piece of pieces) piece.dispose();
  return recorded([x], output, (g) => {
    const ones = plan.kernel.map(() => 1);
    const [batch, channels] = [g.shape[0] as number, g.shape.at(-1) as number];
    const share = reshape(multiply(g, 1 / count), [batch, ...plan.out, ...ones, channels]);
    return [overlapAddBy(broadcastTo(share, [batch, ...plan.out, ...plan.kernel, channels]), x.shape, plan)];
  });
}

/** Factors by which means that count padding are too small: [...out, 1]. */
function uncounted(x: Tensor, plan: WindowPlan): Tensor {
  const factors = plan.out.reduce<number[]>(
    (rows, windows, axis) => {
      const extent = x.shape[axis + 1] as number;
      const [before] = plan.padding[axis] as readonly [number, number];
      const [kernel, stride, dilation] = [plan.kernel, plan.stride, plan.dilation].map(
        (list) => list[axis] as number,
      ) as [number, number, number];
      const counts = Array.from({ length: windows }, (_, window) => {
        let count = 0;
        for (let k = 0; k < kernel; k++) {
          const at = window * stride + k * dilation - before;
          if (at >= 0 && at < extent) count++;
        }
        return kernel / count;
      });
      return rows.flatMap((row) => counts.map((count) => row * count));
    },
    [1],
  );
  return tensor(factors, [...plan.out, 1], { dtype: x.dtype });
}

/**
 * The mean over all spatial axes: x [B, ...spatial, C] → [B, C].
 *
 * @throws OptionError, ArgumentError for options: it has none
 */
export function globalAveragePool(x: Tensor, options?: NoOptions): Tensor {
  requireTensor('globalAveragePool', x);
  refuseOptions('globalAveragePool', options);
  return mean(x, { axis: x.shape.slice(1, -1).map((_, axis) => axis + 1) });
}

/**
 * The largest element of each channel over all spatial axes: x [B, ...spatial, C] → [B, C]. Equal largest elements share
 * the gradient evenly.
 *
 * @throws OptionError, ArgumentError for options: it has none
 */
export function globalMaxPool(x: Tensor, options?: NoOptions): Tensor {
  requireTensor('globalMaxPool', x);
  refuseOptions('globalMaxPool', options);
  return max(x, { axis: x.shape.slice(1, -1).map((_, axis) => axis + 1) });
}

function planPool(operation: string, x: Tensor, rules: OptionRules, options: PoolOptions): WindowPlan {
  checkOptions(operation, rules, options);
  const plan = planWindows(operation, x.shape, { ...options, stride: options.stride ?? options.kernel });
  plan.padding.forEach((amounts, axis) => {
    const reach = ((plan.kernel[axis] as number) - 1) * (plan.dilation[axis] as number) + 1;
    if (Math.max(...amounts) > reach / 2)
      throw new ArgumentError({
        operation,
        expected: `padding of at most half the kernel, ${Math.floor(reach / 2)} along spatial axis ${axis}`,
        actual: shownValue(amounts),
      });
  });
  return plan;
}

/** Runs `use` with the pieces of the windows on x, padded with `value`. */
function overWindows<T>(
  x: Tensor,
  plan: WindowPlan,
  value: number,
  use: (pieces: readonly Tensor[]) => T,
): T {
  const isPadded = plan.padding.flat().some((amount) => amount > 0);
  const starts = [0, ...plan.padding.map(([before]) => before), 0];
  const shape = [x.shape[0] as number, ...plan.padded, x.shape.at(-1) as number];
  const source = isPadded ? runPlace([x], shape, [x.size === 0 ? [] : starts], value) : x;
  const pieces = piecesOf(source, plan);
  if (isPadded) source.dispose();
  const result = use(pieces);
  for (const piece of pieces) piece.dispose();
  return result;
}

type Statement = (
  elements: readonly Real[],
  rest: readonly Real[],
  scalars: readonly Real[],
) => readonly Real[];

/** A program of the elements of a window, `extra` operands more, and `scalars`; traced once for each number of elements. */
function ofElements(extra: (count: number) => number, scalars: number, statement: Statement) {
  const known = new Map<number, Program>();
  return (count: number): Program => {
    const program =
      known.get(count) ??
      tracePointwise(count + extra(count), scalars, (inputs, given) =>
        statement(inputs.slice(0, count), inputs.slice(count), given),
      );
    known.set(count, program);
    return program;
  };
}

const maximumOf = ofElements(
  () => 0,
  0,
  (elements) => [elements.reduce((most, element) => most.maximum(element))],
);

const meanOf = ofElements(
  () => 0,
  1,
  (elements, _, [share]) => [elements.reduce((sum, element) => sum.plus(element)).times(share as Real)],
);

/** The operand behind the elements where an element is the first maximum, else 0. */
const partsOfMaximum = ofElements(
  () => 1,
  0,
  (elements, [g]) => {
    const [first] = elements as [Real, ...Real[]];
    let chosen = Real.constant(first.graph, 0);
    firstMaximum(elements, (isLarger, k) => {
      chosen = isLarger.ifPositive(k, chosen);
    });
    return elements.map((_, k) =>
      chosen
        .minus(k)
        .abs()
        .ifPositive(0, g as Real),
    );
  },
);

/** The one of as many operands behind the elements that is at the place of the first maximum. */
const choiceByMaximum = ofElements(
  (count) => count,
  0,
  (elements, operands) => {
    let chosen = operands[0] as Real;
    firstMaximum(elements, (isLarger, k) => {
      chosen = isLarger.ifPositive(operands[k] as Real, chosen);
    });
    return [chosen];
  },
);

// Tells for each element but the first whether it is larger than all before it, by a real that is positive then.
function firstMaximum(elements: readonly Real[], visit: (isLarger: Real, k: number) => void): void {
  let most = elements[0] as Real;
  elements.forEach((element, k) => {
    if (k === 0) return;
    visit(element.minus(most), k);
    most = most.maximum(element);
  });
}
