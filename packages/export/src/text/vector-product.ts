import { contiguousStrides, type PlanView } from '@funhash/tensor';
import { isMatrix, type Product } from '../operations.ts';
import { added, axesOf, type KernelText, scaled } from './kernel-text.ts';
import { applied, called } from './product.ts';

/** Floats of a vector. */
export const lanes = 4;

/** Most vectors of sums at once. */
const mostSums = 12;

/** The matrix of a product where four channels lie side by side, in rows that vectors divide; else undefined. */
export function vectorWeight({ weight, width, rowAxes }: Product): PlanView | undefined {
  if (isMatrix(weight) || weight.strides.slice(0, rowAxes).some((stride) => stride !== 0)) return undefined;
  const [n, k] = weight.strides.slice(-2) as [number, number];
  return n === 1 && k % lanes === 0 && k >= width ? weight : undefined;
}

/** A product whose sums are vectors of four channels: they are put down one beside the other, then finished one by one. */
export function vectorProductText(text: KernelText, product: Product, weight: PlanView): string {
  const { xs, rowAxes, width, bias, inner, out } = product;
  const [x] = xs as [PlanView, ...PlanView[]];
  const { dialect } = text;
  const lead = out.shape.slice(0, rowAxes);
  const others = inner.flatMap(({ operands }) => operands.filter((each): each is PlanView => each !== null));
  const ofRows = [x, out, ...others].map(({ strides }) => strides.slice(0, rowAxes));
  const depthShape = x.shape.slice(rowAxes);
  const depth = axesOf(depthShape, [x.strides.slice(rowAxes), contiguousStrides(depthShape)]);
  const perRow = weight.strides.at(-1) as number;
  const most = Math.max(1, Math.min(4, Math.floor(mostSums / xs.length)));
  return text.loops(axesOf(lead, ofRows), ([from = '0', to = '0', ...places]) => {
    const block = (first: string, vectors: number, channels: number): string => {
      const sums = xs.map(() => Array.from({ length: vectors }, () => text.name('c')));
      const sum = text.loops(depth, ([at = '0', k = '0']) => {
        const row = text.name('q');
        const values = xs.map(() => text.name('v'));
        const reads = xs.map(
          (own, place) => `const lanes ${values[place]} = splat(${text.read(own, from, at)});`,
        );
        const adds = Array.from({ length: vectors }, (_, v) => {
          const own = text.name('w');
          const load = text.at(weight, row, String(v * lanes)).replace(/^(.*?)\[(.*)\]$/, 'load4($1, $2)');
          return [
            `const lanes ${own} = ${load};`,
            ...xs.map((_, place) => `${sums[place]?.[v]} += ${values[place]} * ${own};`),
          ].join('\n');
        });
        return [dialect.integer(row, added([first, scaled(k, perRow)])), ...reads, ...adds].join('\n');
      });
      const j = text.name('k');
      const results = xs.map((_, place) => {
        const level = `z[${added([j, String(place * lanes * 4)])}]`;
        const biased = bias
          ? `${level} + ${text.read(bias, scaled(added([first, j]), bias.strides[0] as number))}`
          : level;
        return applied(text, inner, biased, places, added([first, j]), 0);
      });
      const result = product.outer ? called(text, product.outer, results) : results[0];
      return [
        ...sums.flat().map((name) => `lanes ${name} = splat(0.f);`),
        ...(depthShape.includes(0) ? [] : [sum]),
        ...sums.flatMap((own, place) =>
          own.map((name, v) => `store4(z, ${place * lanes * 4 + v * lanes}, ${name});`),
        ),
        `${dialect.loop(j, channels)} ${text.at(out, to, first, j)} = ${result};`,
      ].join('\n');
    };
    const whole = Math.floor(width / lanes / most) * most;
    const n = text.name('n');
    const size = most * lanes;
    const main =
      whole === 0
        ? ''
        : whole === most
          ? block('0', most, size)
          : `${dialect.loop(n, whole * lanes, size)} {\n${block(n, most, size)}\n}`;
    const rest = width - whole * lanes;
    const tail = rest > 0 ? block(String(whole * lanes), Math.ceil(rest / lanes), rest) : '';
    return `${main}\n${tail}`;
  });
}
