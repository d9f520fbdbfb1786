import { entryBody } from '@funhash/codegen';
import { contiguousStrides, type PlanView, sizeOf } from '@funhash/tensor';
import type { Operation, OperationOf } from '../operations.ts';
import { axesOf, type KernelText, scaled } from './kernel-text.ts';
import { productText } from './product.ts';
import { rowsInTurn, streamedProductText } from './streamed-product.ts';
import { vectorProductText, vectorWeight } from './vector-product.ts';

type Kernels = { readonly [K in Operation['kind']]: (text: KernelText, operation: OperationOf<K>) => string };

/** Kernels as text: what the reference backend does, with shapes and programs that are known. */
export const kernelTexts: Kernels = {
  product(text, product) {
    const inTurn = rowsInTurn(product);
    const longest = inTurn && text.longestRow(inTurn);
    if (inTurn && longest) return streamedProductText(text, product, inTurn, longest);
    const weight = text.dialect.vectors ? vectorWeight(product) : undefined;
    return weight ? vectorProductText(text, product, weight) : productText(text, product);
  },

  fill: (text, { out, value }) =>
    text.loops(axesOf(out.shape, [out.strides]), ([at = '0']) =>
      text.store(out, [at], text.dialect.convert(literalOf(text, value), 'f32', text.dtypeOf(out))),
    ),

  copy: (text, { x, out }) =>
    text.loops(axesOf(out.shape, [x.strides, out.strides]), ([from = '0', to = '0']) => {
      const value = text.dialect.convert(text.read(x, from), text.dtypeOf(x), text.dtypeOf(out));
      return text.store(out, [to], value);
    }),

  map(text, { program, inputs, outs }) {
    const [first] = outs as [PlanView, ...PlanView[]];
    const { lines, outputs, parameters } = entryBody(program, text.dialect.language);
    const used = inputs.flatMap((_, slot) => (parameters.includes(`input${slot}`) ? [slot] : []));
    const axes = axesOf(
      first.shape,
      [...inputs, ...outs].map(({ strides }) => strides),
    );
    return text.loops(axes, (indices) => {
      const reads = used.map((slot) => {
        const view = inputs[slot] as PlanView;
        return text.dialect.language.constant(`input${slot}`, text.read(view, indices[slot] as string));
      });
      const writes = outs.map((out, k) => {
        const value = text.dialect.convert(outputs[k] as string, 'f32', text.dtypeOf(out));
        return text.store(out, [indices[inputs.length + k] as string], value);
      });
      return [...reads, ...lines, ...writes].join('\n');
    });
  },

  reduce(text, { how, x, out }) {
    const { dialect } = text;
    const dtype = text.dtypeOf(x);
    const isKept = x.shape.map((extent, axis) => out.shape[axis] !== 1 || extent === 1);
    const part = (keep: boolean) => ({
      shape: x.shape.filter((_, axis) => isKept[axis] === keep),
      strides: (view: PlanView) => view.strides.filter((_, axis) => isKept[axis] === keep),
    });
    const [kept, folded] = [part(true), part(false)];
    const [sum, value] = [text.name('c'), text.name('v')];
    const start = { sum: '0', max: dialect.least(dtype), min: dialect.most(dtype) }[how];
    return text.loops(axesOf(kept.shape, [kept.strides(x), kept.strides(out)]), ([from = '0', to = '0']) => {
      const inner = text.loops(axesOf(folded.shape, [folded.strides(x)]), ([at = '0']) => {
        const read = text.read(x, from, at);
        if (how === 'sum') return `${sum} += ${read};`;
        const better = how === 'max' ? `${value} > ${sum}` : `${value} < ${sum}`;
        return `${dialect.real(value, read)}\nif (${better} || ${value} != ${value}) ${sum} = ${value};`;
      });
      return `${dialect.real(sum, start)}\n${inner}\n${text.store(out, [to], dialect.convert(sum, 'f32', text.dtypeOf(out)))}`;
    });
  },

  argMax: (text, { x, out }) =>
    byRows(text, x, (at) => {
      const { dialect } = text;
      const [best, k] = [text.name('b'), text.name('k')];
      const width = x.shape.at(-1) as number;
      const stride = x.strides.at(-1) as number;
      const of = (index: string): string => text.read(x, at.from, scaled(index, stride));
      const isBetter = `${of(k)} > ${of(best)} || (${of(k)} != ${of(k)} && ${of(best)} == ${of(best)})`;
      return `${dialect.counter(best, '0')}\n${dialect.loop(k, width)} if (${isBetter}) ${best} = ${k};\n${text.at(out, at.row)} = ${best};`;
    }),

  logSumExp: (text, { x, out }) =>
    byRows(text, x, (at) => {
      const { dialect } = text;
      const [most, sum, k, v] = [text.name('c'), text.name('c'), text.name('k'), text.name('v')];
      const width = x.shape.at(-1) as number;
      const read = text.read(x, at.from, scaled(k, x.strides.at(-1) as number));
      return [
        dialect.real(most, dialect.least('f32')),
        `${dialect.loop(k, width)} { ${dialect.real(v, read)} if (${v} > ${most} || ${v} != ${v}) ${most} = ${v}; }`,
        dialect.real(sum, '0'),
        `${dialect.loop(k, width)} ${sum} += ${dialect.call('exp', `${read} - ${most}`)};`,
        // A row of −∞ or one with +∞ is its own maximum; the difference above would be NaN.
        text.store(out, [at.row], `${most} - ${most} == 0 ? ${most} + ${dialect.call('log', sum)} : ${most}`),
      ].join('\n');
    }),

  scan: (text, { x, out }) =>
    byRows(text, x, (at) => {
      const { dialect } = text;
      const [sum, k] = [text.name('c'), text.name('k')];
      const width = x.shape.at(-1) as number;
      const read = text.read(x, at.from, scaled(k, x.strides.at(-1) as number));
      const value = dialect.convert(sum, 'f32', text.dtypeOf(out));
      const write = text.store(out, [scaled(at.row, width), k], value);
      return `${dialect.real(sum, '0')}\n${dialect.loop(k, width)} { ${sum} += ${read}; ${write} }`;
    }),

  gather: (text, { x, index, out }) =>
    byIndex(text, index, x.shape[0] as number, (chosen, n) =>
      text.loops(
        axesOf(x.shape.slice(1), [x.strides.slice(1), contiguousStrides(x.shape.slice(1))]),
        ([from = '0', to = '0']) =>
          text.store(
            out,
            [scaled(n, sizeOf(x.shape.slice(1))), to],
            text.read(x, scaled(chosen, x.strides[0] as number), from),
          ),
      ),
    ),

  scatterAdd: (text, { x, index, out }) =>
    byIndex(text, index, out.shape[0] as number, (chosen, n) =>
      text.loops(
        axesOf(x.shape.slice(1), [x.strides.slice(1), contiguousStrides(x.shape.slice(1))]),
        ([from = '0', to = '0']) =>
          text.accumulate(
            out,
            [scaled(chosen, sizeOf(out.shape.slice(1))), to],
            text.read(x, scaled(n, x.strides[0] as number), from),
          ),
      ),
    ),

  rows(text, { matrix, ids, out }) {
    const c = text.name('k');
    const { rows, cols } = matrix;
    const write = (row: string, n: string): string =>
      `${text.dialect.loop(c, cols)} ${text.store(out, [scaled(n, cols), c], text.functions.entry(matrix, row, c))}`;
    if (ids) return byIndex(text, ids, rows, write);
    const r = text.name('k');
    return `${text.dialect.loop(r, rows)} ${write(r, r)}`;
  },

  packSigns(text, { x, out, bounds }) {
    const width = x.shape.at(-1) as number;
    return byRows(text, x, ({ row, from }) =>
      packed(text, out, bounds, row, width, (k) => text.read(x, from, scaled(k, x.strides.at(-1) as number))),
    );
  },

  signProduct(text, { a, b, depth, bounds, out }) {
    const { dialect } = text;
    const rowAxes = out.shape.length - 1;
    const [width, words] = b.shape as [number, number];
    const lead = a.shape.slice(0, rowAxes);
    const depthAxes = axesOf(a.shape.slice(rowAxes), [
      a.strides.slice(rowAxes),
      contiguousStrides(a.shape.slice(rowAxes)),
    ]);
    const planes = words === 0 ? 1 : sizeOf(a.shape.slice(rowAxes)) / words;
    const [bn, bk] = b.strides as [number, number];
    return text.loops(
      axesOf(lead, [a.strides.slice(0, rowAxes), contiguousStrides(lead)]),
      ([from = '0', row = '0']) => {
        const sumOf = (n: string, sum: string): string => {
          const inner = text.loops(depthAxes, ([at = '0', k = '0']) => {
            const word = scaled(planes === 1 ? k : `(${k}) % ${words}`, bk);
            const ones = dialect.ones(`${text.read(a, from, at)} ^ ${text.read(b, scaled(n, bn), word)}`);
            return `${sum} -= ${ones} * ${planes === 1 ? '2' : `(2 << (${k}) / ${words})`};`;
          });
          return `${dialect.real(sum, String(depth * (2 ** planes - 1)))}\n${words > 0 ? inner : ''}`;
        };
        if (bounds) return packed(text, out, bounds, row, width, (k) => k, sumOf);
        const [n, sum] = [text.name('k'), text.name('c')];
        return `${dialect.loop(n, width)} {\n${sumOf(n, sum)}\n${text.store(out, [scaled(row, width), n], sum)}\n}`;
      },
    );
  },
};

const literalOf = (text: KernelText, value: number): string => text.dialect.language.literal(value);

/** Loops over the rows of a view: places along all axes but the last. */
function byRows(
  text: KernelText,
  x: PlanView,
  body: (at: { readonly from: string; readonly row: string }) => string,
): string {
  const lead = x.shape.slice(0, -1);
  return text.loops(
    axesOf(lead, [x.strides.slice(0, -1), contiguousStrides(lead)]),
    ([from = '0', row = '0']) => body({ from, row }),
  );
}

/** A loop over indices that are checked. */
function byIndex(
  text: KernelText,
  index: PlanView,
  limit: number,
  body: (chosen: string, n: string) => string,
): string {
  const [n, chosen] = [text.name('k'), text.name('x')];
  const read = text.read(index, scaled(n, index.strides[0] ?? 0));
  return `${text.dialect.loop(n, sizeOf(index.shape))} {\n${text.dialect.counter(chosen, read)}\n${text.dialect.checkIndex(chosen, limit)}\n${body(chosen, n)}\n}`;
}

/** Packs the signs of a row of values. */
function packed(
  text: KernelText,
  out: PlanView,
  bounds: OperationOf<'packSigns'>['bounds'],
  row: string,
  width: number,
  valueAt: (k: string) => string,
  sumOf?: (k: string, sum: string) => string,
): string {
  const { dialect } = text;
  const words = out.shape.at(-1) as number;
  const [w, k, bits, v] = [text.name('k'), text.name('k'), text.name('b'), text.name('v')];
  const at = `${w} * 32 + ${k}`;
  const least = bounds ? text.read(bounds.least, at) : '0';
  const [n, sum] = [text.name('n'), text.name('c')];
  const value = sumOf
    ? `${dialect.integer(n, at)}\n${sumOf(n, sum)}\n${dialect.real(v, sum)}`
    : dialect.real(v, valueAt(`(${at})`));
  const inverted = bounds ? ` ^ ${text.read(bounds.below, w)}` : '';
  return `${dialect.loop(w, words)} {
${dialect.counter(bits, '0')}
for (${dialect.counter(k, '0')} ${k} < 32 && ${at} < ${width}; ${k}++) {
${value}
if (${v} >= ${least}) ${bits} |= ${dialect.bit('1', k)};
}
${text.at(out, scaled(row, words), w)} = ${bits}${inverted};
}`;
}
