import type { View } from '@funhash/tensor';
import type { KernelFunction } from './gpu-js.ts';

/** Source text that finds elements: from the number of an element of a view, or of a buffer, to positions. */

/**
 * floor(a / b) of whole numbers below 2^24. Division of f32 is not exact on every device: one too many or too few is
 * put right.
 */
export const quotient: KernelFunction = {
  name: 'quotient',
  source: `function quotient(a, b) {
    let q = Math.floor(a / b);
    const rest = a - q * b;
    if (rest < 0) { q = q - 1; }
    if (rest >= b) { q = q + 1; }
    return q;
  }`,
  argumentTypes: ['Number', 'Number'],
  returnType: 'Number',
};

/** How operands move along the axes of a loop or result: the strides of each, by axis. */
export interface Axes {
  readonly shape: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** The same elements in the same order over the fewest axes: without those of extent 1, neighbours joined. */
export function joined({ shape, strides }: Axes): Axes {
  const axes: { extent: number; steps: number[] }[] = [];
  shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const steps = strides.map((list) => list[axis] as number);
    const last = axes.at(-1);
    if (last?.steps.every((step, k) => step === (steps[k] as number) * extent)) {
      last.extent *= extent;
      last.steps = steps;
    } else axes.push({ extent, steps });
  });
  return {
    shape: axes.map(({ extent }) => extent),
    strides: strides.map((_, k) => axes.map(({ steps }) => steps[k] as number)),
  };
}

/** Strides as a key of kernels. */
export const axesKey = ({ shape, strides }: Axes): string => `${shape.join('x')}/${strides.join(';')}`;

/**
 * Lines that declare `names`, the positions of element `index` of the axes in each operand, relative to its first.
 *
 * @param prefix of the other variables declared
 */
export function positionLines(axes: Axes, names: readonly string[], index: string, prefix = 'p'): string {
  const { shape, strides } = joined(axes);
  const lines: string[] = [];
  const coordinates = coordinateLines(shape, index, prefix, lines);
  names.forEach((name, k) => {
    lines.push(`const ${name} = ${linear(coordinates, strides[k] as readonly number[])};`);
  });
  return lines.join('\n');
}

function coordinateLines(shape: readonly number[], index: string, prefix: string, lines: string[]): string[] {
  const coordinates: string[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const extent = shape[axis] as number;
    lines.push(`const ${prefix}q${axis} = quotient(${rest}, ${extent});`);
    lines.push(`const ${prefix}c${axis} = ${rest} - ${prefix}q${axis} * ${extent};`);
    coordinates[axis] = `${prefix}c${axis}`;
    rest = `${prefix}q${axis}`;
  }
  if (shape.length > 0) coordinates[0] = rest;
  return coordinates;
}

function linear(coordinates: readonly string[], strides: readonly number[]): string {
  const terms = coordinates.flatMap((coordinate, axis) => {
    const stride = strides[axis] as number;
    return stride === 0 ? [] : [stride === 1 ? coordinate : `${coordinate} * ${stride}`];
  });
  return terms.join(' + ') || '0';
}

/** Nested loops over all axes: `body` is given the position of each operand relative to its first, as text. */
export function loops(axes: Axes, body: (positions: readonly string[]) => string, prefix = 'k'): string {
  const { shape, strides } = joined(axes);
  const coordinates = shape.map((_, axis) => `${prefix}${axis}`);
  return shape.reduceRight(
    (inner, extent, axis) =>
      `for (let ${prefix}${axis} = 0; ${prefix}${axis} < ${extent}; ${prefix}${axis}++) {\n${inner}\n}`,
    body(strides.map((list) => linear(coordinates, list))),
  );
}

/**
 * Lines that declare `inside`, 1 where the element `from` elements behind the first of a view belongs to it and else
 * 0, and the positions `names` in other operands, 0 outside.
 *
 * @param axes of the view, and its strides as the first operand's: each larger than all smaller ones reach
 */
export function windowLines({ shape, strides }: Axes, names: readonly string[], from: string): string {
  const [own, ...others] = strides as [readonly number[], ...(readonly number[])[]];
  const order = nestedOrder(shape, own);
  const lines = ['let inside = 1;'];
  let rest = from;
  const coordinates: string[] = shape.map(() => '0');
  for (const axis of order) {
    const stride = own[axis] as number;
    lines.push(`const w${axis} = quotient(${rest}, ${stride});`);
    lines.push(`const v${axis} = ${rest} - w${axis} * ${stride};`);
    lines.push(`if (w${axis} < 0) { inside = 0; }`);
    lines.push(`if (w${axis} >= ${shape[axis]}) { inside = 0; }`);
    coordinates[axis] = `w${axis}`;
    rest = `v${axis}`;
  }
  // One comparison each: some compilers of shaders refuse numbers as conditions of `||`.
  lines.push(`const beyond = ${rest};`, 'if (beyond < 0) { inside = 0; }', 'if (beyond > 0) { inside = 0; }');
  names.forEach((name, k) => {
    const place = coordinates.map((coordinate, axis) => [coordinate, others[k]?.[axis] as number] as const);
    const used = place.filter(([coordinate]) => coordinate !== '0');
    const position = linear(
      used.map(([coordinate]) => coordinate),
      used.map(([, stride]) => stride),
    );
    lines.push(`const ${name} = (${position}) * inside;`);
  });
  return lines.join('\n');
}

/** Axes of more than one element by falling stride. */
function nestedOrder(shape: readonly number[], strides: readonly number[]): number[] {
  return shape
    .map((_, axis) => axis)
    .filter((axis) => (shape[axis] as number) > 1)
    .sort((a, b) => (strides[b] as number) - (strides[a] as number));
}

/** True where each stride of a view is larger than all smaller ones reach: then positions tell coordinates. */
export function isNested({ shape, strides }: View): boolean {
  let reach = 0;
  for (const axis of nestedOrder(shape, strides).reverse()) {
    if ((strides[axis] as number) <= reach) return false;
    reach += (strides[axis] as number) * ((shape[axis] as number) - 1);
  }
  return true;
}
