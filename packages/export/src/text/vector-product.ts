import { contiguousStrides, type PlanView } from '@funhash/tensor';
import { isMatrix, type Product } from '../operations.ts';
import { added, axesOf, type KernelText, scaled } from './kernel-text.ts';
import { applied, together } from './product.ts';

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
  const most = Math.max(1, Math.min(dialect.channels ?? 4, Math.floor(mostSums / xs.length)));
  return text.loops(axesOf(lead, ofRows), ([from = '0', to = '0', ...places]) => {
    const block = (first: string, vectors: number, channels: number): string => {
      const sums = xs.map(() => Array.from({ length: vectors }, () => text.name('c')));
      const sum = text.loops(depth, ([at = '0', k = '0']) => {
        const row = text.name('q');
        const [u, origin] = text.sum('u', from, at);
        const values = xs.map(() => text.name('v'));
        const reads = xs.map((own, place) => `const lanes ${values[place]} = splat(${text.read(own, u)});`);
        const adds = Array.from({ length: vectors }, (_, v) => {
          const own = text.name('w');
          const load = text.at(weight, row, String(v * lanes)).replace(/^(.*?)\[(.*)\]$/, 'load4($1, $2)');
          return [
            `const lanes ${own} = ${load};`,
            ...xs.map((_, place) => `${sums[place]?.[v]} += ${values[place]} * ${own};`),
          ].join('\n');
        });
        return [dialect.integer(row, added([first, scaled(k, perRow)])), ...origin, ...reads, ...adds].join(
          '\n',
        );
      });
      const j = text.name('k');
      const finished = (level: string): string => {
        const biased = bias
          ? `${level} + ${text.read(bias, scaled(added([first, j]), bias.strides[0] as number))}`
          : level;
        return applied(text, inner, biased, places, added([first, j]), 0);
      };
      // The largest of vectors is an instruction.
      const isLargest = product.outer !== undefined && product.outerFirst === true;
      const [one = [], ...others] = sums;
      const kept = isLargest ? [one] : sums;
      const largest = isLargest
        ? others.flatMap((own) => own.map((name, v) => `${one[v]} = larger(${one[v]}, ${name});`))
        : [];
      const levels = kept.map((_, place) => `z[${added([j, String(place * lanes * 4)])}]`);
      const result = isLargest ? finished(levels[0] as string) : together(text, product, levels, finished);
      return [
        ...sums.flat().map((name) => `lanes ${name} = splat(0.f);`),
        ...(depthShape.includes(0) ? [] : [sum]),
        ...largest,
        ...kept.flatMap((own, place) =>
          own.map((name, v) => `store4(z, ${place * lanes * 4 + v * lanes}, ${name});`),
        ),
        `for (${dialect.counter(j, '0')} ${j} < ${channels}${dialect.shares ? ` && ${first} + ${j} < ${width}` : ''}; ${j}++) ${text.at(out, to, first, j)} = ${result};`,
      ].join('\n');
    };
    const n = text.name('n');
    const size = most * lanes;
    if (dialect.shares) return `${dialect.loop(n, width, size)} {\n${block(n, most, size)}\n}`;
    const whole = Math.floor(width / lanes / most) * most;
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
