import type { ActivationName, GraphStep } from '@funhash/layers';
import type { Node } from '../node.ts';
import { type Flow, isKnown, type Known, type Value } from '../value.ts';
import { type Context, type Rule, scalarOf } from './context.ts';

const unary =
  (op: GraphStep['op'], options: Readonly<Record<string, unknown>> = {}): Rule =>
  (node, inputs, context) => [context.map(context.flowAt(node, inputs, 0), op, options)];

const activation =
  (name: ActivationName): Rule =>
  (node, inputs, context) => [context.activation(context.flowAt(node, inputs, 0), name)];

/** Ops that stand for a few others. */
const made =
  (make: (x: Flow, node: Node, context: Context) => Value): Rule =>
  (node, inputs, context) => [make(context.flowAt(node, inputs, 0), node, context)];

const linear = (context: Context, x: Flow, factor: number, offset: number): Flow =>
  factor === 1 && offset === 0 ? x : context.map(x, 'linear', { factor, offset });

const clipped = (context: Context, x: Flow, low?: number, high?: number): Flow =>
  low === 0 && high === undefined
    ? context.activation(x, 'relu')
    : context.map(x, 'clip', {
        ...(low !== undefined && Number.isFinite(low) && { low }),
        ...(high !== undefined && Number.isFinite(high) && { high }),
      });

/** Rank that a scalar must not raise. */
const isScalarFor = (flow: Value | undefined, value: Value | undefined): boolean =>
  flow !== undefined &&
  value !== undefined &&
  !isKnown(flow) &&
  isKnown(value) &&
  value.known.shape.length <= flow.shape.length;

/** A join of two values, where one number of the one is written into the op. */
const binary =
  (
    op: GraphStep['op'],
    withNumber: Partial<Record<'right' | 'left', (x: Flow, c: number, context: Context) => Flow>> = {},
  ): Rule =>
  (node, inputs, context) => {
    const [a, b] = [context.need(node, inputs, 0, 'A'), context.need(node, inputs, 1, 'B')];
    const [left, right] = [scalarOf(a), scalarOf(b)];
    if (right !== undefined && withNumber.right && isScalarFor(a, b))
      return [withNumber.right(a as Flow, right, context)];
    if (left !== undefined && withNumber.left && isScalarFor(b, a))
      return [withNumber.left(b as Flow, left, context)];
    return [context.join(node, op, [a, b])];
  };

const plus = (x: Flow, c: number, context: Context): Flow => linear(context, x, 1, c);
const times = (x: Flow, c: number, context: Context): Flow => linear(context, x, c, 0);

const compared =
  (op: GraphStep['op']): Rule =>
  (node, inputs, context) => [
    context.join(node, op, [context.need(node, inputs, 0, 'A'), context.need(node, inputs, 1, 'B')], 'bool'),
  ];

/** Any number of values joined two by two. */
const many =
  (op: GraphStep['op']): Rule =>
  (node, inputs, context) => {
    const values = inputs.filter((value) => value !== undefined);
    const [first, ...rest] = values;
    if (first === undefined) return node.refuse('at least one input', 'none', 'The file is damaged.');
    return [rest.reduce<Value>((sum, value) => context.join(node, op, [sum, value]), first)];
  };

/** A bias that the layer before takes over; undefined where it cannot. */
function asBias(x: Flow, value: Known, context: Context): Flow | undefined {
  const plan = context.builder.planOf(x.place);
  const { known } = value;
  const width = plan?.takesBias;
  if (
    !plan ||
    width === undefined ||
    plan.bias ||
    plan.activation !== undefined ||
    x.columns ||
    context.shared.has(x.place) ||
    known.data.length !== width ||
    known.shape.length > x.shape.length
  )
    return undefined;
  // The axis that is as long as the bias must be the one that lies last.
  const lead = x.shape.length - known.shape.length;
  const axis = width === 1 ? x.order.at(-1) : known.shape.indexOf(width) + lead;
  if (axis !== x.order.at(-1)) return undefined;
  plan.bias = { ...known, shape: [width] };
  plan.takesBias = undefined;
  return x;
}

const addition: Rule = (node, inputs, context) => {
  const [a, b] = [context.need(node, inputs, 0, 'A'), context.need(node, inputs, 1, 'B')];
  for (const [x, value] of [
    [a, b],
    [b, a],
  ] as const)
    if (!isKnown(x) && isKnown(value)) {
      const fused = asBias(x, value, context);
      if (fused) return [fused];
    }
  return binary('add', { right: plus, left: plus })(node, inputs, context);
};

const selu = (context: Context, x: Flow, alpha: number, gamma: number): Flow => {
  // γ·(max(x, 0) + α·(eˣ − 1 below 0)).
  if (alpha === 1) return linear(context, context.activation(x, 'elu'), gamma, 0);
  const below = context.map(context.map(x, 'clip', { high: 0 }), 'elu');
  const above = context.map(x, 'clip', { low: 0 });
  return linear(context, sumOf(context, above, linear(context, below, alpha, 0)), gamma, 0);
};

const sumOf = (context: Context, x: Flow, y: Flow): Flow => ({
  ...x,
  place: context.builder.step('add', [x.place, y.place], context.builder.extents(x.place)),
});
const productOf = (context: Context, x: Flow, y: Flow): Flow => ({
  ...x,
  place: context.builder.step('multiply', [x.place, y.place], context.builder.extents(x.place)),
});

const leaky = (context: Context, x: Flow, slope: number): Flow => {
  if (Math.abs(slope - 0.01) < 1e-8) return context.activation(x, 'leakyRelu');
  const below = linear(context, context.map(x, 'clip', { high: 0 }), slope, 0);
  return sumOf(context, context.map(x, 'clip', { low: 0 }), below);
};

/** Ops that work element by element. */
export const pointwiseRules: Readonly<Record<string, Rule>> = {
  Relu: activation('relu'),
  Sigmoid: activation('sigmoid'),
  Tanh: activation('tanh'),
  Softplus: activation('softplus'),
  Abs: unary('abs'),
  Cos: unary('cos'),
  Erf: unary('erf'),
  Exp: unary('exp'),
  Floor: unary('floor'),
  Log: unary('log'),
  Neg: unary('negative'),
  Reciprocal: unary('reciprocal'),
  Sign: unary('sign'),
  Sin: unary('sin'),
  Sqrt: unary('sqrt'),
  Ceil: made((x, _, context) => context.map(context.map(context.map(x, 'negative'), 'floor'), 'negative')),
  Elu: made((x, node, context) => selu(context, x, node.float('alpha', 1), 1)),
  Selu: made((x, node, context) =>
    selu(context, x, node.float('alpha', 1.6732632), node.float('gamma', 1.050701)),
  ),
  Celu: made((x, node, context) => {
    const alpha = node.float('alpha', 1);
    if (alpha === 1) return context.activation(x, 'elu');
    return linear(context, context.activation(linear(context, x, 1 / alpha, 0), 'elu'), alpha, 0);
  }),
  LeakyRelu: made((x, node, context) => leaky(context, x, node.float('alpha', 0.01))),
  ThresholdedRelu: made((x, node, context) => {
    const above = context.join(node, 'greater', [x, scalar(node.float('alpha', 1))]);
    return productOf(context, x, above);
  }),
  HardSigmoid: made((x, node, context) =>
    clippedLine(context, x, node.float('alpha', 0.2), node.float('beta', 0.5)),
  ),
  HardSwish: made((x, _, context) => productOf(context, x, clippedLine(context, x, 1 / 6, 0.5))),
  Softsign: made((x, _, context) => {
    const below = linear(context, context.map(x, 'abs'), 1, 1);
    return productOf(context, x, context.map(below, 'reciprocal'));
  }),
  Mish: made((x, _, context) => {
    const gate = context.activation(activated(context, x, 'softplus'), 'tanh');
    return productOf(context, x, gate);
  }),
  Gelu: made((x, node, context) => {
    if (node.text('approximate', 'none') === 'tanh') return context.activation(x, 'gelu');
    const half = linear(context, context.map(linear(context, x, Math.SQRT1_2, 0), 'erf'), 0.5, 0.5);
    return productOf(context, x, half);
  }),
  PRelu: (node, inputs, context) => {
    const x = context.flowAt(node, inputs, 0);
    const slope = perChannel(context.need(node, inputs, 1, 'slope'), x);
    const below = context.join(node, 'multiply', [context.map(x, 'clip', { high: 0 }), slope]);
    return [context.join(node, 'add', [context.map(x, 'clip', { low: 0 }), below])];
  },
  Clip: (node, inputs, context) => {
    const x = context.flowAt(node, inputs, 0);
    const bound = (name: string, at: number): number | undefined => {
      if (node.has(name)) return node.float(name, 0);
      const value = context.optional(node, inputs, at, name);
      return value && (scalarOf(value) ?? node.refuse(`one number as ${name}`, `[${value.known.shape}]`));
    };
    const [low, high] = [bound('min', 1), bound('max', 2)];
    // Bounds that no number of 32 bits passes are none.
    const isBound = (value: number | undefined): value is number =>
      value !== undefined && Math.abs(value) < 3.4e38;
    return [
      isBound(low) || isBound(high)
        ? clipped(context, x, isBound(low) ? low : undefined, isBound(high) ? high : undefined)
        : x,
    ];
  },
  Add: addition,
  Sub: binary('subtract', {
    right: (x, c, context) => linear(context, x, 1, -c),
    left: (x, c, context) => linear(context, x, -1, c),
  }),
  Mul: binary('multiply', { right: times, left: times }),
  Div: (node, inputs, context) => {
    const [quotient] = binary('divide', {
      left: (x, c, context) => linear(context, context.map(x, 'reciprocal'), c, 0),
    })(node, inputs, context);
    return [
      quotient && !isKnown(quotient) && quotient.kind === 'int'
        ? truncated(node, quotient, context)
        : quotient,
    ];
  },
  Pow: binary('power', {
    right: (x, c, context) =>
      c === 0.5
        ? context.map(x, 'sqrt')
        : c === 2
          ? productOf(context, x, x)
          : context.map(x, 'raise', { exponent: c }),
  }),
  Max: many('maximum'),
  Min: many('minimum'),
  Sum: many('add'),
  Mean: (node, inputs, context) => {
    const [sum] = many('add')(node, inputs, context);
    return [linear(context, context.flow(sum as Value), 1 / inputs.length, 0)];
  },
  Greater: compared('greater'),
  GreaterOrEqual: compared('greaterEqual'),
  Less: compared('less'),
  LessOrEqual: compared('lessEqual'),
  Equal: compared('equal'),
  // Truth is 1 or 0.
  Not: made((x, _, context) => linear(context, x, -1, 1)),
  And: compared('multiply'),
  Or: compared('maximum'),
  Where: (node, inputs, context) => [
    context.join(node, 'where', [
      context.need(node, inputs, 0, 'condition'),
      context.need(node, inputs, 1, 'X'),
      context.need(node, inputs, 2, 'Y'),
    ]),
  ],
};

/** What is left of a number without its fraction. */
export function truncated(node: Node, x: Flow, context: Context): Flow {
  const whole = context.map(context.map(x, 'abs'), 'floor');
  return { ...context.join(node, 'multiply', [whole, context.map(x, 'sign')]), kind: 'int' };
}

/** A slope for each channel, which older versions give without the axes behind the channels. */
function perChannel(slope: Value, x: Flow): Value {
  if (!isKnown(slope) || slope.known.shape.length !== 1) return slope;
  const [count] = slope.known.shape as [number];
  if (count === 1 || x.shape.length < 3 || x.shape.at(-1)?.n === count || x.shape[1]?.n !== count)
    return slope;
  const shape = [count, ...new Array<number>(x.shape.length - 2).fill(1)];
  return { ...slope, known: { ...slope.known, shape } };
}

const scalar = (value: number): Known => ({
  known: { kind: 'float', shape: [], data: Float32Array.of(value) },
});

const clippedLine = (context: Context, x: Flow, factor: number, offset: number): Flow =>
  context.map(linear(context, x, factor, offset), 'clip', { low: 0, high: 1 });

/** An activation that no layer before takes over: what it is of is read again. */
function activated(context: Context, x: Flow, name: ActivationName): Flow {
  context.shared.add(x.place);
  return context.activation(x, name);
}
