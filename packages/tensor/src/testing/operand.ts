import { type Random, random } from '@funhash/hashing';
import fc from 'fast-check';
import type { Backend, DeviceBuffer, View } from '../backend.ts';
import { allocateArray, type DType, isFloat, type TypedArray } from '../dtype.ts';
import type { HostBuffer } from '../reference/views.ts';
import { contiguousStrides, sizeOf } from '../shape.ts';

/** A view and the contents of its whole buffer, not yet on any backend. */
export interface Operand {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly contents: TypedArray;
}

export type Layout = 'contiguous' | 'offset' | 'strided' | 'transposed' | 'broadcast' | 'mixed';

/** How an input may lie in memory. */
export const anyLayout: fc.Arbitrary<Layout> = fc.constantFrom(
  'contiguous',
  'offset',
  'strided',
  'transposed',
  'broadcast',
  'mixed',
);

/** Layouts that kernels may write to: no element lies where another does. */
export const writableLayout: fc.Arbitrary<Layout> = fc.constantFrom(
  'contiguous',
  'offset',
  'strided',
  'transposed',
);

/** Extents around the widths of vectors and tiles, now and then 0. */
export const anyExtent: fc.Arbitrary<number> = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 17 }) },
  { weight: 3, arbitrary: fc.constantFrom(4, 5, 6, 8, 15, 16, 23, 24, 25, 32, 33, 40, 48) },
  { weight: 1, arbitrary: fc.constant(0) },
);

export const smallExtent = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: 1, max: 7 }) },
  { weight: 1, arbitrary: fc.constant(0) },
);

/** Shapes of rank `least` to 4. */
export const anyShape = (least = 0): fc.Arbitrary<number[]> =>
  fc.oneof(
    ...[
      fc.constant<number[]>([]),
      fc.array(anyExtent, { minLength: 1, maxLength: 1 }),
      fc.array(anyExtent, { minLength: 2, maxLength: 2 }),
      fc.array(smallExtent, { minLength: 3, maxLength: 4 }),
      // Longer than the chunks in which backends may work.
      fc.constantFrom<number[][]>([4099], [3, 2049]),
    ].slice(least),
  );

export const anySeed: fc.Arbitrary<number> = fc.nat({ max: 2 ** 30 });

const specials = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1];

/** Values of moderate size; `special` mixes in NaN, infinities and both zeros. */
export function drawValues(dtype: DType, length: number, draw: Random, special = false): TypedArray {
  const out = allocateArray(dtype, length);
  for (let k = 0; k < length; k++) {
    if (!isFloat(dtype)) out[k] = dtype === 'u8' ? draw.integer(256) : draw.integer(2001) - 1000;
    else if (special && draw.integer(4) === 0) out[k] = specials[draw.integer(specials.length)] as number;
    else out[k] = draw.uniform() * 2.5 - 1;
  }
  return out;
}

interface OperandOptions {
  readonly layout?: Layout;
  readonly special?: boolean;
  /** Contents of the elements, in place of drawn ones; only for contiguous layouts. */
  readonly values?: ArrayLike<number>;
}

/** An operand of the given shape; `seed` decides contents, offset and gaps. */
export function operand(
  dtype: DType,
  shape: readonly number[],
  seed: number,
  { layout = 'contiguous', special = false, values }: OperandOptions = {},
): Operand {
  const draw = random(seed);
  const has = (...layouts: Layout[]): boolean => layouts.includes(layout) || layout === 'mixed';
  const axes = shape.map((_, axis) => axis);
  const order = has('transposed') ? draw.shuffle(axes) : axes;
  const strides = contiguousStrides(shape);
  if (layout !== 'contiguous' && layout !== 'offset') {
    let running = 1;
    for (const axis of order.toReversed()) {
      const repeated = has('broadcast') && draw.integer(2) === 0;
      const stride = running * (has('strided') ? 1 + draw.integer(3) : 1);
      strides[axis] = repeated ? 0 : stride;
      if (!repeated) running = stride * Math.max(1, shape[axis] as number);
    }
  }
  const offset = layout === 'contiguous' ? 0 : draw.integer(6);
  const reach = shape.reduce((last, extent, axis) => last + (extent - 1) * (strides[axis] as number), 1);
  const span = sizeOf(shape) === 0 ? 0 : reach;
  const slack = layout === 'contiguous' ? 0 : draw.integer(4);
  const contents = drawValues(dtype, offset + span + slack, draw, special);
  if (values) contents.set(values, offset);
  return { dtype, shape, strides, offset, contents };
}

/** A fresh out: contiguous, its own buffer, its contents what a kernel must not rely on. */
export function freshOut(dtype: DType, shape: readonly number[]): Operand {
  const contents = allocateArray(dtype, sizeOf(shape)).fill(isFloat(dtype) ? Number.NaN : 77);
  return { dtype, shape, strides: contiguousStrides(shape), offset: 0, contents: contents as TypedArray };
}

/** The operand in memory of the reference. */
export function onHost({ dtype, shape, strides, offset, contents }: Operand): View {
  const data = contents.slice() as TypedArray;
  const buffer: HostBuffer = { dtype, length: data.length, data };
  return { dtype, shape, strides, offset, buffer };
}

/** The operand in memory of a backend. */
export function onBackend(backend: Backend, { dtype, shape, strides, offset, contents }: Operand): View {
  const buffer: DeviceBuffer = backend.allocate(dtype, contents.length);
  if (contents.length > 0) backend.upload(buffer, contents);
  return new AccessorView({ dtype, shape, strides, offset, buffer });
}

/** A view such as tensors are, whose fields do not survive spreading. */
class AccessorView implements View {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  get dtype(): DType {
    return this.#view.dtype;
  }

  get shape(): readonly number[] {
    return this.#view.shape;
  }

  get strides(): readonly number[] {
    return this.#view.strides;
  }

  get offset(): number {
    return this.#view.offset;
  }

  get buffer(): DeviceBuffer {
    return this.#view.buffer;
  }
}
