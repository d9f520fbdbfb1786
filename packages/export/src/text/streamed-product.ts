import { contiguousStrides, type PlanView } from '@funhash/tensor';
import { isMatrix, type Product } from '../operations.ts';
import { axesOf, type KernelText, scaled } from './kernel-text.ts';
import { applied, together } from './product.ts';
import { numbersOf, wholeResult } from './sums.ts';

/** The matrix of a product whose rows are the whole of a buffer, one behind the other; else undefined. */
export function rowsInTurn({ weight, width, rowAxes }: Product): PlanView | undefined {
  if (isMatrix(weight) || weight.offset !== 0) return undefined;
  const depth = weight.shape.at(-1) as number;
  const isPlain = weight.strides.every((stride, axis) =>
    axis < rowAxes ? stride === 0 : stride === (axis === rowAxes ? depth : 1),
  );
  return isPlain && weight.shape.at(-2) === width && depth > 0 ? weight : undefined;
}

/**
 * A product channel by channel, the levels of a row of its matrix decoded when their turn comes: no more than a row of them is in memory.
 *
 * @param longest levels of the longest row of the file
 */
export function streamedProductText(
  text: KernelText,
  product: Product,
  weight: PlanView,
  longest: number,
): string {
  const { xs, rowAxes, width, bias, inner, out } = product;
  const [x] = xs as [PlanView, ...PlanView[]];
  const { dialect } = text;
  const lead = out.shape.slice(0, rowAxes);
  const others = inner.flatMap(({ operands }) => operands.filter((each): each is PlanView => each !== null));
  const rows = axesOf(
    lead,
    [x, out, ...others].map(({ strides }) => strides.slice(0, rowAxes)),
  );
  const depthShape = x.shape.slice(rowAxes);
  const depth = axesOf(depthShape, [x.strides.slice(rowAxes), contiguousStrides(depthShape)]);
  const n = text.name('n');
  const numbers = numbersOf(text, product);
  const body = text.loops(rows, ([from = '0', to = '0', ...places]) => {
    const sums = xs.map(() => text.name('c'));
    const inParts = text.loops(depth, ([at = '0', k = '0']) => {
      const [u, origin] = text.sum('u', from, at);
      const w = text.name('w');
      return [
        ...origin,
        numbers.constant(w, numbers.unit === undefined ? `(float)q[${k}]` : `q[${k}]`),
        ...xs.map((own, place) => `${sums[place]} += ${numbers.read(text, own, u)} * ${w};`),
      ].join('\n');
    });
    const finished = (levels: string): string => {
      const sum = numbers.real(levels);
      const biased = bias ? `${sum} + ${text.read(bias, scaled(n, bias.strides[0] as number))}` : sum;
      return applied(text, inner, biased, places, n, 0);
    };
    return [
      ...sums.map((sum) => numbers.sum(sum)),
      inParts,
      wholeResult(text, product, sums, [to, n], [n]) ??
        text.store(out, [to, n], together(text, product, sums, finished)),
    ].join('\n');
  });
  return [
    `int8_t q[${longest}];`,
    'fresh();',
    `${dialect.loop(n, width)} {`,
    `next(q, ${weight.shape.at(-1)});`,
    body,
    '}',
  ].join('\n');
}
