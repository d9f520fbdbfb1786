import { contiguousStrides, type PlanView } from '@funhash/tensor';
import { isMatrix, type Pointwise, type Product } from '../operations.ts';
import { added, axesOf, type KernelText, scaled } from './kernel-text.ts';
import { numbersOf, wholeResult } from './sums.ts';

/** Most channels whose sums are formed at once. */
const mostChannels = 8;

/** A product, as loops over rows, channels in blocks, and what is summed over. */
export function productText(text: KernelText, product: Product): string {
  const { xs, rowAxes, width, weight, bias, inner, out } = product;
  const [x] = xs as [PlanView, ...PlanView[]];
  const { dialect } = text;
  const lead = out.shape.slice(0, rowAxes);
  const others = inner.flatMap(({ operands }) => operands.filter((each): each is PlanView => each !== null));
  const weightRows = isMatrix(weight) ? lead.map(() => 0) : weight.strides.slice(0, rowAxes);
  const rows = axesOf(lead, [
    x.strides.slice(0, rowAxes),
    out.strides.slice(0, rowAxes),
    weightRows,
    ...others.map(({ strides }) => strides.slice(0, rowAxes)),
  ]);
  const depthShape = x.shape.slice(rowAxes);
  const depth = axesOf(depthShape, [x.strides.slice(rowAxes), contiguousStrides(depthShape)]);
  const isEmpty = depthShape.includes(0);
  const whole = numbersOf(text, product);
  return text.loops(rows, ([from = '0', to = '0', across = '0', ...places]) => {
    const block = (first: string, count: number): string => {
      const sums = xs.map(() => Array.from({ length: count }, () => text.name('c')));
      const channel = (k: number): string => added([first, String(k)]);
      const inParts = text.loops(depth, ([at = '0', k = '0']) => {
        const values = xs.map(() => text.name('v'));
        const col = text.name('q');
        const [u, origin] = text.sum('u', from, at);
        const reads = [
          ...origin,
          ...xs.map((own, place) => whole.value(values[place] as string, text, own, u)),
        ];
        const lines = sums[0]?.map((_, c) => {
          const entry = isMatrix(weight)
            ? text.functions.entry(weight, channel(c), k)
            : whole.level(text, weight, across, col, ...(c > 0 ? [String(c * stride(weight, 1))] : []));
          if (xs.length === 1) return `${sums[0]?.[c]} += ${values[0]} * ${entry};`;
          const own = text.name('w');
          const adds = xs.map((_, place) => `${sums[place]?.[c]} += ${values[place]} * ${own};`);
          return [whole.constant(own, entry), ...adds].join('\n');
        });
        const place = isMatrix(weight)
          ? []
          : [dialect.integer(col, added([scaled(first, stride(weight, 1)), scaled(k, stride(weight, 2))]))];
        return [...place, ...reads, ...(lines ?? [])].join('\n');
      });
      const stores = Array.from({ length: count }, (_, c) => {
        const finished = (levels: string): string => {
          const sum = whole.real(levels);
          const biased = bias
            ? `${sum} + ${text.read(bias, scaled(first, bias.strides[0] as number), String(c * (bias.strides[0] as number)))}`
            : sum;
          return applied(text, inner, biased, places, first, c);
        };
        const own = sums.map((each) => each[c] as string);
        const at = [to, first, String(c)];
        return (
          wholeResult(text, product, own, at, [first, String(c)]) ??
          text.store(out, at, together(text, product, own, finished))
        );
      });
      return [...sums.flat().map((sum) => whole.sum(sum)), ...(isEmpty ? [] : [inParts]), ...stores].join(
        '\n',
      );
    };
    const most = Math.max(
      1,
      Math.min(dialect.channels ?? mostChannels, Math.floor(dialect.sums / xs.length)),
    );
    return blocks(text, width, most, block);
  });
}

/** What several sums of a channel become, and what is done to them before or behind it. */
export function together(
  text: KernelText,
  { outer, outerFirst }: Product,
  sums: readonly string[],
  finished: (sum: string) => string,
): string {
  if (!outer) return finished(sums[0] as string);
  return outerFirst ? finished(called(text, outer, sums)) : called(text, outer, sums.map(finished));
}

const stride = (weight: PlanView, fromEnd: 1 | 2): number =>
  (fromEnd === 1 ? weight.strides.at(-2) : weight.strides.at(-1)) as number;

/** Channels in blocks of one size where that divides them well, else with a rest. */
function blocks(
  text: KernelText,
  width: number,
  most: number,
  block: (first: string, count: number) => string,
): string {
  const { dialect } = text;
  const largest = divisorOf(width, Math.min(most, width));
  const size = largest * 2 > Math.min(most, width) ? largest : Math.min(most, width);
  const whole = Math.floor(width / size) * size;
  const n = text.name('n');
  const main = whole === size ? block('0', size) : `${dialect.loop(n, whole, size)} {\n${block(n, size)}\n}`;
  const rest = width - whole;
  return rest > 0 ? `${main}\n${block(String(whole), rest)}` : main;
}

/** What is done to a result, as calls of functions around it. */
export function applied(
  text: KernelText,
  inner: readonly Pointwise[],
  sum: string,
  places: readonly string[],
  first: string,
  channel: number,
): string {
  let at = 0;
  return inner.reduce((value, { program, operands }) => {
    const values = operands.map((operand) => {
      if (operand === null) return value;
      const step = operand.strides.at(-1) as number;
      return text.read(operand, places[at++] as string, scaled(first, step), String(channel * step));
    });
    return called(text, program, values);
  }, sum);
}

function called(
  text: KernelText,
  program: Parameters<KernelText['functions']['pointwise']>[0],
  values: readonly string[],
): string {
  const { name, slots } = text.functions.pointwise(program);
  return `${name}(${slots.map((slot) => values[slot] as string).join(', ')})`;
}

/** The largest divisor of a number that is at most so much. */
function divisorOf(value: number, most: number): number {
  for (let divisor = most; divisor > 1; divisor--) if (value % divisor === 0) return divisor;
  return 1;
}
