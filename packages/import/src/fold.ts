import { countOf, emptyLike, type NumberArray, type NumberKind, stridesOf, visitPlaces } from './array.ts';
import { term } from './extent.ts';
import type { Node } from './node.ts';
import { kindOfType } from './onnx/decode-tensor.ts';
import { identity, type Known } from './value.ts';

/** What a node makes of values that are all known; undefined where it is not evaluated at import. */
type Fold = (
  node: Node,
  values: readonly (Known | undefined)[],
  spend: (values: number) => void,
) => Known | undefined;

type Numbers = readonly number[];

export const known = (
  kind: NumberKind,
  shape: Numbers,
  data: NumberArray['data'],
  marks?: Known['marks'],
): Known => ({ known: { kind, shape, data }, ...(marks?.some((mark) => mark !== undefined) && { marks }) });

/** The numbers of a known value, of at most so many. */
export function listOf(node: Node, value: Known | undefined, name: string, most = 2 ** 20): number[] {
  if (!value || value.known.data.length > most)
    return node.refuse(`known numbers as ${name}`, value ? 'too many' : 'values that follow the input');
  return [...value.known.data];
}

const first = (values: readonly (Known | undefined)[]): Known => values[0] as Known;

/** A value whose elements are those of another one, at given places. */
function moved(source: Known, shape: Numbers, places: (at: number) => number): Known {
  const { kind, data } = source.known;
  const result = emptyLike(data, countOf(shape));
  for (let at = 0; at < result.length; at++) result[at] = data[places(at)] as number;
  const marks = source.marks && Array.from(result, (_, at) => source.marks?.[places(at)]);
  return { ...known(kind, shape, result, marks), ...(source.isWeight && { isWeight: true }) };
}

const reshaped = (source: Known, shape: Numbers): Known => ({
  ...source,
  known: { ...source.known, shape },
});

/** Offsets of elements of a shape under steps, as a list. */
function offsetsOf(shape: Numbers, steps: Numbers, start = 0): Float64Array {
  const offsets = new Float64Array(countOf(shape));
  let at = 0;
  visitPlaces(shape, steps, (offset) => {
    offsets[at++] = start + offset;
  });
  return offsets;
}

/** The axes of a node, which are an attribute or its second input. */
export function axesOf(node: Node, given: Known | undefined, rank: number): number[] | undefined {
  const axes = node.ints('axes') ?? (given && [...given.known.data]);
  return axes?.map((axis) => node.axis(axis, rank));
}

export function transposedKnown(source: Known, order: Numbers): Known {
  const strides = stridesOf(source.known.shape);
  const shape = order.map((axis) => source.known.shape[axis] as number);
  const offsets = offsetsOf(
    shape,
    order.map((axis) => strides[axis] as number),
  );
  return moved(source, shape, (at) => offsets[at] as number);
}

/** The shape that a Reshape asks for, of values whose extents are given. */
export function reshapeTarget(
  node: Node,
  asked: Numbers,
  marks: Known['marks'],
  source: readonly { readonly n: number; readonly of?: string | undefined }[],
): { n: number; of?: string | undefined }[] {
  const keepsZero = node.int('allowzero', 0) === 1;
  const size = source.reduce((product, { n }) => product * n, 1);
  const leads = (k: number): boolean => asked.slice(0, k).every((each, at) => each === source[at]?.n);
  const target = asked.map((n, k) => {
    if (n === 0 && !keepsZero)
      return source[k] ?? node.refuse('an axis to copy', `axis ${k} of ${source.length}`);
    const own = source[k];
    // A number where the source is free in that place, behind as many elements, is the same axis.
    const isOwn = marks?.[k] === undefined && own?.n === n && leads(k);
    return isOwn ? own : { n, of: marks?.[k] };
  });
  const left = target.findIndex(({ n }) => n === -1);
  if (left >= 0) {
    const others = target.filter((_, k) => k !== left);
    const rest = others.reduce((product, { n }) => product * n, 1);
    // What is free in the source and not in the others is what is left.
    const free = source.filter(({ of }) => of !== undefined && !others.some((other) => other.of === of));
    const n = rest === 0 ? 0 : size / rest;
    const ofLeft =
      free.length === 0
        ? undefined
        : free.length === 1 && free[0]?.n === n
          ? free[0]?.of
          : term('product', ...free.map(({ of }) => of), n);
    target[left] = { n, of: ofLeft };
  }
  if (
    !target.every(({ n }) => Number.isInteger(n) && n >= 0) ||
    target.reduce((product, { n }) => product * n, 1) !== size
  )
    node.refuse(
      `a shape of ${size} elements`,
      `[${asked.join(', ')}]`,
      'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
    );
  return target;
}

const binary =
  (name: string, compute: (a: number, b: number) => number, result?: NumberKind): Fold =>
  (node, [a, b], spend) => {
    if (!a || !b) return undefined;
    const rank = Math.max(a.known.shape.length, b.known.shape.length);
    const shape = identity(rank).map((axis) => {
      const [x, y] = [a, b].map(({ known }) => known.shape[axis - rank + known.shape.length] ?? 1) as [
        number,
        number,
      ];
      if (x !== y && x !== 1 && y !== 1) node.refuse('operands that broadcast', `extents ${x} and ${y}`);
      return x === 1 ? y : x;
    });
    spend(countOf(shape));
    const offsets = [a, b].map(({ known }) => {
      const strides = stridesOf(known.shape);
      const steps = shape.map((_, axis) => {
        const own = axis - rank + known.shape.length;
        return own < 0 || known.shape[own] === 1 ? 0 : (strides[own] as number);
      });
      return offsetsOf(shape, steps);
    }) as [Float64Array, Float64Array];
    const kind = result ?? (a.known.kind === 'float' || b.known.kind === 'float' ? 'float' : 'int');
    const isWide = a.known.data instanceof Float64Array && b.known.data instanceof Float64Array;
    const data = isWide ? new Float64Array(offsets[0].length) : new Float32Array(offsets[0].length);
    for (let at = 0; at < data.length; at++) {
      const value = compute(
        a.known.data[offsets[0][at] as number] as number,
        b.known.data[offsets[1][at] as number] as number,
      );
      data[at] = kind === 'int' && name === 'Div' ? Math.trunc(value) : value;
    }
    const marks =
      a.marks || b.marks
        ? Array.from(data, (_, at) => {
            const [x, y] = [offsets[0][at] as number, offsets[1][at] as number];
            const [p, q] = [a.marks?.[x], b.marks?.[y]];
            const [m, n] = [a.known.data[x] as number, b.known.data[y] as number];
            // What does nothing keeps the name of what it is done to.
            if (name === 'Mul' && (n === 1 || m === 1)) return p ?? q;
            if ((name === 'Div' && n === 1) || (name === 'Add' && n === 0) || (name === 'Sub' && n === 0))
              return p;
            return result ? undefined : term(name, p ?? m, q ?? n);
          })
        : undefined;
    return known(kind, shape, data, marks);
  };

const unary =
  (compute: (a: number) => number, kind?: NumberKind): Fold =>
  (node, values, spend) => {
    const { known: source, marks } = first(values);
    spend(source.data.length);
    const data = emptyLike(source.data, source.data.length);
    for (let at = 0; at < data.length; at++) data[at] = compute(source.data[at] as number);
    const kept = marks?.map((mark) => term(node.op, mark));
    return known(kind ?? source.kind, source.shape, data, kept);
  };

const keep: Fold = (_, values) => first(values);

/** Ranges of Slice along each axis: first place, distance, count. */
export function slicesOf(
  node: Node,
  shape: Numbers,
  values: readonly (Known | undefined)[],
): { start: number; step: number; count: number; isWhole: boolean }[] {
  const [, startsOf, endsOf, axesGiven, stepsOf] = values;
  const starts = node.ints('starts') ?? listOf(node, startsOf, 'starts');
  const ends = node.ints('ends') ?? listOf(node, endsOf, 'ends');
  const axes = node.ints('axes') ?? (axesGiven ? [...axesGiven.known.data] : identity(starts.length));
  const steps = stepsOf ? [...stepsOf.known.data] : starts.map(() => 1);
  const ranges = shape.map((count) => ({ start: 0, step: 1, count, isWhole: true }));
  axes.forEach((given, k) => {
    const axis = node.axis(given, shape.length);
    const extent = shape[axis] as number;
    const step = steps[k] ?? 1;
    if (!Number.isInteger(step) || step === 0) node.refuse('steps other than 0', `${step}`);
    const clamp = (place: number, low: number, high: number): number =>
      Math.max(low, Math.min(high, place < 0 ? place + extent : place));
    const [start, end] =
      step > 0
        ? [clamp(starts[k] ?? 0, 0, extent), clamp(ends[k] ?? 0, 0, extent)]
        : [clamp(starts[k] ?? 0, 0, extent - 1), clamp(ends[k] ?? 0, -1, extent - 1)];
    const count = Math.max(0, Math.ceil((end - start) / step));
    ranges[axis] = { start, step, count, isWhole: step === 1 && count === extent };
  });
  return ranges;
}

function gathered(
  node: Node,
  values: readonly (Known | undefined)[],
  spend: (n: number) => void,
): Known | undefined {
  const [data, places] = values;
  if (!data || !places) return undefined;
  const { shape } = data.known;
  const axis = node.axis(node.int('axis', 0), shape.length);
  const extent = shape[axis] as number;
  const inner = countOf(shape.slice(axis + 1));
  const count = places.known.data.length;
  const result = [...shape.slice(0, axis), ...places.known.shape, ...shape.slice(axis + 1)];
  spend(countOf(result));
  const at = (k: number): number => {
    const given = places.known.data[k] as number;
    const place = given < 0 ? given + extent : given;
    if (!(place >= 0 && place < extent)) node.refuse(`indices below ${extent}`, `${given}`);
    return place;
  };
  return moved(data, result, (k) => {
    const lead = Math.floor(k / (inner * count));
    const place = at(Math.floor(k / inner) % count);
    return (lead * extent + place) * inner + (k % inner);
  });
}

function concatenated(node: Node, values: readonly (Known | undefined)[], spend: (n: number) => void): Known {
  if (values.includes(undefined)) node.refuse('parts', 'none', 'The file is damaged.');
  const all = values as readonly Known[];
  const rank = (all[0] as Known).known.shape.length;
  const axis = node.axis(node.int('axis', 0), rank);
  const shape = [...(all[0] as Known).known.shape];
  shape[axis] = all.reduce((sum, { known }) => sum + (known.shape[axis] ?? 0), 0);
  spend(countOf(shape));
  for (const { known } of all)
    if (known.shape.length !== rank || known.shape.some((n, k) => k !== axis && n !== shape[k]))
      node.refuse(`parts like [${shape.join(', ')}]`, `[${known.shape.join(', ')}]`);
  const inner = countOf(shape.slice(axis + 1));
  const lead = countOf(shape.slice(0, axis));
  const data = emptyLike((all[0] as Known).known.data, countOf(shape));
  const marks: (string | undefined)[] | undefined = all.some((each) => each.marks) ? [] : undefined;
  let at = 0;
  for (let k = 0; k < lead; k++)
    for (const each of all) {
      const block = (each.known.shape[axis] as number) * inner;
      for (let j = 0; j < block; j++) {
        if (marks) marks[at] = each.marks?.[k * block + j];
        data[at++] = each.known.data[k * block + j] as number;
      }
    }
  return known((all[0] as Known).known.kind, shape, data, marks);
}

function expanded(node: Node, source: Known, shape: Numbers, spend: (n: number) => void): Known {
  const own = source.known.shape;
  const rank = Math.max(own.length, shape.length);
  const strides = stridesOf(own);
  const result = identity(rank).map((axis) => {
    const [n, m] = [own[axis - rank + own.length] ?? 1, shape[axis - rank + shape.length] ?? 1];
    if (n !== m && n !== 1 && m !== 1) node.refuse('a shape to broadcast to', `[${shape.join(', ')}]`);
    return n === 1 ? m : n;
  });
  spend(countOf(result));
  const offsets = offsetsOf(
    result,
    result.map((_, axis) => {
      const at = axis - rank + own.length;
      return at < 0 || own[at] === 1 ? 0 : (strides[at] as number);
    }),
  );
  return moved(source, result, (at) => offsets[at] as number);
}

const shapeList = (node: Node, value: Known | undefined, name: string): number[] => {
  const list = listOf(node, value, name, 16);
  if (!list.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 31))
    node.refuse(`extents as ${name}`, `[${list.join(', ')}]`);
  if (!(countOf(list) < 2 ** 27)) node.refuse('fewer elements', `[${list.join(', ')}]`);
  return list;
};

/** Ops that are evaluated at import when all that they read is known. */
export const folds: Readonly<Record<string, Fold>> = {
  Identity: keep,
  Dropout: keep,
  Cast: (node, values) => {
    const { known: source, marks } = first(values);
    const kind = kindOfType(node.int('to', 1));
    if (!kind) return node.refuse('numbers', `type ${node.int('to', 1)}`);
    if (kind === source.kind || kind === 'float') return { ...first(values), known: { ...source, kind } };
    const data = source.data.map(kind === 'bool' ? (x) => Number(x !== 0) : Math.trunc);
    return known(kind, source.shape, data, marks);
  },
  Add: binary('Add', (a, b) => a + b),
  Sub: binary('Sub', (a, b) => a - b),
  Mul: binary('Mul', (a, b) => a * b),
  Div: binary('Div', (a, b) => a / b),
  Pow: binary('Pow', (a, b) => a ** b),
  Min: binary('Min', Math.min),
  Max: binary('Max', Math.max),
  Equal: binary('Equal', (a, b) => Number(a === b), 'bool'),
  Greater: binary('Greater', (a, b) => Number(a > b), 'bool'),
  Less: binary('Less', (a, b) => Number(a < b), 'bool'),
  And: binary('And', (a, b) => Number(a !== 0 && b !== 0), 'bool'),
  Or: binary('Or', (a, b) => Number(a !== 0 || b !== 0), 'bool'),
  Not: unary((a) => Number(a === 0), 'bool'),
  Neg: unary((a) => -a),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Reciprocal: unary((a) => 1 / a),
  Gather: gathered,
  Concat: concatenated,
  Transpose: (node, values, spend) => {
    const source = first(values);
    spend(source.known.data.length);
    const rank = source.known.shape.length;
    const order = (node.ints('perm') ?? identity(rank).reverse()).map((axis) => node.axis(axis, rank));
    if (new Set(order).size !== rank) node.refuse(`an order of ${rank} axes`, `[${order.join(', ')}]`);
    return transposedKnown(source, order);
  },
  Unsqueeze: (node, [source, given]) => {
    const { shape } = (source as Known).known;
    const count = (node.ints('axes') ?? (given ? [...given.known.data] : [])).length;
    const axes = axesOf(node, given, shape.length + count) ?? [];
    return reshaped(source as Known, withUnits(node, shape, axes));
  },
  Squeeze: (node, [source, given]) => {
    const { shape } = (source as Known).known;
    const axes =
      axesOf(node, given, shape.length) ?? identity(shape.length).filter((axis) => shape[axis] === 1);
    return reshaped(
      source as Known,
      shape.filter((_, axis) => !axes.includes(axis)),
    );
  },
  Reshape: (node, [source, shape]) => {
    const given = source as Known;
    const asked = node.ints('shape') ?? listOf(node, shape, 'shape', 16);
    const target = reshapeTarget(
      node,
      asked,
      shape?.marks,
      given.known.shape.map((n) => ({ n })),
    );
    return reshaped(
      given,
      target.map(({ n }) => n),
    );
  },
  Flatten: (node, values) => {
    const { shape } = first(values).known;
    const at = node.int('axis', 1);
    const axis = at < 0 ? at + shape.length : at;
    return reshaped(first(values), [countOf(shape.slice(0, axis)), countOf(shape.slice(axis))]);
  },
  Slice: (node, values, spend) => {
    const source = first(values);
    const { shape } = source.known;
    const ranges = slicesOf(node, shape, values);
    const strides = stridesOf(shape);
    const result = ranges.map(({ count }) => count);
    spend(countOf(result));
    const start = ranges.reduce((sum, range, axis) => sum + range.start * (strides[axis] as number), 0);
    const steps = ranges.map(({ step }, axis) => step * (strides[axis] as number));
    const offsets = offsetsOf(result, steps, start);
    return moved(source, result, (at) => offsets[at] as number);
  },
  Expand: (node, [source, shape], spend) =>
    expanded(node, source as Known, shapeList(node, shape, 'shape'), spend),
  ConstantOfShape: (node, [shape], spend) => {
    const extents = shapeList(node, shape, 'shape');
    spend(countOf(extents));
    const value = node.array('value');
    const fill = value?.data[0] ?? 0;
    const data =
      value && value.kind !== 'float'
        ? new Float64Array(countOf(extents))
        : new Float32Array(countOf(extents));
    return known(value?.kind ?? 'float', extents, data.fill(fill));
  },
  Range: (node, values, spend) => {
    const [start, limit, step] = values.map((value) => value?.known.data[0] ?? Number.NaN) as [
      number,
      number,
      number,
    ];
    const count = Math.max(0, Math.ceil((limit - start) / step));
    if (!Number.isFinite(count)) return node.refuse('a finite range', `${start} to ${limit} by ${step}`);
    spend(count);
    return known(
      first(values).known.kind,
      [count],
      Float64Array.from({ length: count }, (_, k) => start + k * step),
      values.some((value) => value?.marks) ? Array.from({ length: count }, () => 'range') : undefined,
    );
  },
  ReduceProd: (node, values, spend) => {
    const { data, kind } = first(values).known;
    const { shape } = first(values).known;
    const axes = axesOf(node, undefined, shape.length);
    if (axes && axes.length < shape.length) return undefined;
    spend(1);
    const isKept = node.int('keepdims', 1) === 1;
    let result = 1;
    for (const value of data) result *= value;
    return known(kind, isKept ? shape.map(() => 1) : [], Float64Array.of(result), [
      term('product', ...(first(values).marks ?? [])),
    ]);
  },
  Where: (node, values, spend) => {
    const [condition, yes, no] = values as [Known, Known, Known];
    if (!condition || !yes || !no) return undefined;
    const zero = known('int', [], Float64Array.of(0));
    const full = [condition, yes, no].reduce(
      (shape, { known: { shape: own } }) =>
        (
          binary('Add', () => 0)(
            node,
            [
              known('int', shape, new Float64Array(countOf(shape))),
              known('int', own, new Float64Array(countOf(own))),
            ],
            spend,
          ) as Known
        ).known.shape,
      zero.known.shape,
    );
    const [c, y, n] = [condition, yes, no].map((each) => expanded(node, each, full, spend)) as [
      Known,
      Known,
      Known,
    ];
    const data = y.known.data.map((value, at) =>
      (c.known.data[at] as number) !== 0 ? value : (n.known.data[at] as number),
    );
    const marks =
      y.marks || n.marks
        ? Array.from(data, (_, at) => (c.known.data[at] !== 0 ? y : n).marks?.[at])
        : undefined;
    return known(y.known.kind, full, data, marks);
  },
};

/** A shape with axes of extent 1 at places of the result. */
export function withUnits<T extends number | { readonly n: number }>(
  node: Node,
  shape: readonly T[],
  axes: Numbers,
  unit = 1 as unknown as T,
): T[] {
  const rank = shape.length + axes.length;
  if (new Set(axes).size !== axes.length || rank > 16) node.refuse('different axes', `[${axes.join(', ')}]`);
  const rest = shape.values();
  return identity(rank).map((axis) => (axes.includes(axis) ? unit : (rest.next().value as T)));
}
