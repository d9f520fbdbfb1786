import { type Tensor, tensor, useBackend } from '@funhash/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradientsOf } from '../grad.ts';
import { type PrecisionLawOptions, precisionLaws } from '../testing.ts';
import * as ops from './pointwise.ts';
import { sum } from './reduce.ts';

/** Every op of one operand that rounds. */
const rounding: Record<string, [op: (x: Tensor) => Tensor, options?: PrecisionLawOptions]> = {
  negative: [ops.negative],
  reciprocal: [ops.reciprocal, { limits: false }],
  square: [ops.square],
  sqrt: [ops.sqrt, { low: 1e-30 }],
  exp: [ops.exp],
  log: [ops.log, { low: 1e-30 }],
  expm1: [ops.expm1],
  log1p: [ops.log1p, { low: 1e-30 }],
  sin: [ops.sin, { limits: false, units: 1 }],
  cos: [ops.cos, { limits: false, units: 1 }],
  abs: [ops.abs],
  relu: [ops.relu],
  leakyRelu: [ops.leakyRelu],
  elu: [ops.elu],
  tanh: [ops.tanh],
  sigmoid: [ops.sigmoid],
  softplus: [ops.softplus],
  // Their derivatives pass through 0.
  silu: [ops.silu, { units: 2 }],
  gelu: [ops.gelu, { units: 2 }],
};

/** Values and derivatives of the exact functions, in double precision: where an error once stood, or grew. */
const known: readonly (readonly [op: keyof typeof rounding, x: number, value: number, derivative: number])[] =
  [
    ['gelu', 10, 10, 1],
    ['gelu', 10_000, 10_000, 1],
    ['gelu', 1e20, 1e20, 1],
    ['gelu', -500, 0, 0],
    ['gelu', -5, -2.291796196629506e-7, -1.5463619875325946e-6],
    ['gelu', -7.300000190734863, -5.609532178218163e-17, -7.217379987951469e-16],
    ['gelu', -9.699999809265137, -9.583410733871023e-35, -2.0732750334347968e-33],
    ['gelu', -9.899999618530273, -1.1641433564123987e-36, -2.616437109520854e-35],
    ['silu', -300, 0, 0],
    ['silu', -1e6, 0, 0],
    ['silu', 1e4, 1e4, 1],
    ['silu', -80, -1.4438811102763322e-33, -1.425832596397878e-33],
    ['sigmoid', -80, 1.8048513878454153e-35, 1.8048513878454153e-35],
    ['sigmoid', 80, 1, 1.8048513878454153e-35],
    ['softplus', -20, 2.061153620314381e-9, 2.061153618190204e-9],
    ['softplus', 1e6, 1e6, 1],
    ['tanh', 9, 0.999999969540041, 6.09199171232323e-8],
    ['tanh', 1e-10, 1e-10, 1],
    ['tanh', 40, 1, 7.219405551381661e-35],
    ['elu', -1e-7, -9.9999995e-8, 0.9999999],
    ['elu', -80, -1, 1.8048513878454153e-35],
  ];

interface Place {
  readonly start: () => Promise<unknown>;
  /** What holds where functions are those of a shader, whose exp and log are the driver's. */
  readonly precision?: PrecisionLawOptions;
}

const backends: Readonly<Record<string, Place>> = {
  reference: { start: () => useBackend('reference') },
  wasm: { start: () => useBackend('wasm') },
  'wasm with threads': { start: () => useBackend('wasm', { threads: 2 }) },
  'gpu in mode cpu': { start: () => useBackend('gpu', { mode: 'cpu' }) },
  'gpu in mode headlessgl': {
    start: () => useBackend('gpu', { mode: 'headlessgl' }),
    precision: { tolerance: 2e-5, least: 1e-30, units: 2 },
  },
};

// Headless GL needs the package gl, built, and an X display: see .ci/run.
const hasDisplay = await useBackend('gpu', { mode: 'headlessgl' }).then(
  () => true,
  () => false,
);

describe.each(Object.entries(backends))('%s', (name, { start, precision }) => {
  describe.skipIf(name.includes('headlessgl') && !hasDisplay)('on a machine that has it', () => {
    beforeAll(async () => void (await start()));
    afterAll(async () => void (await useBackend('reference')));

    for (const [op, [f, options]] of Object.entries(rounding))
      for (const law of precisionLaws(op, f, { ...options, ...precision })) test(law.name, law.check);

    for (const op of ['silu', 'gelu'])
      for (const law of precisionLaws(op, (rounding[op] as [(x: Tensor) => Tensor])[0], precision).slice(
        0,
        1,
      ))
        test(`${law.name}, with no allowance for the operand`, law.check);

    test.each(known)('%s of %f is %f, its derivative %f', async (op, x, value, derivative) => {
      const [f] = rounding[op] as [(x: Tensor) => Tensor];
      const at = tensor([x]);
      const slope = gradientsOf(() => sum(f(at)), [at])[1][0] as Tensor;
      const { tolerance = 2e-6, least = 2 ** -126 } = precision ?? {};
      for (const [[got], want] of [
        [await f(at).data(), value],
        [await slope.data(), derivative],
      ] as const)
        expect(Math.abs((got as number) - want)).toBeLessThanOrEqual(tolerance * Math.abs(want) + least);
    });

    test('tanh reaches 1, and the logarithm of a small probability has its digits', async () => {
      const [nine, ten] = await ops.tanh(tensor([9, 10])).data();
      expect([1 - (nine as number) <= 2 ** -24, ten]).toEqual([true, 1]);
      const logs = await ops.log(ops.sigmoid(tensor([-16, -30, -80]))).data();
      [-16, -30, -80].forEach((x, i) => {
        expect((logs[i] as number) / x).toBeCloseTo(1, precision ? 5 : 6);
      });
    });
  });
});

test('the list has every op of one operand that rounds', () => {
  const exact = ['floor', 'ceil', 'round', 'sign', 'onesLike', 'zerosLike'];
  const takesOne = ([name, op]: [string, unknown]): boolean => {
    if (typeof op !== 'function' || ['elementwise', 'applyPointwise', 'applyPrograms'].includes(name))
      return false;
    try {
      return Boolean(op(tensor([0.5])));
    } catch {
      return false;
    }
  };
  const names = Object.entries(ops)
    .filter(takesOne)
    .map(([name]) => name);
  expect(names.toSorted()).toEqual([...exact, ...Object.keys(rounding)].toSorted());
});

test('faults are found', async () => {
  const rational = ops.elementwise('rational tanh', (x) => {
    const c = x.maximum(-7).minimum(7);
    const s = c.times(c);
    const p = s.times(3.93012738e-6).plus(0.00227702621).times(s).plus(0.12302235).times(s).plus(0.999995703);
    const q = s.times(0.000142354215).plus(0.0210723782).times(s).plus(0.456340873).times(s).plus(1);
    return c.times(p).over(q);
  });
  const half = (x: Tensor): Tensor => ops.multiply(ops.multiply(x, 0.5), ops.add(rational(x), 1));
  // Against the exact function, as the laws do with f64: here f64 has the fault, too.
  const faults: Record<string, (x: Tensor) => Tensor> = {
    'tanh that stops short of 1': (x) => (x.dtype === 'f32' ? rational(x) : ops.tanh(x)),
    'its product with what grows': (x) =>
      x.dtype === 'f32' ? half(x) : ops.multiply(ops.multiply(x, 0.5), ops.add(ops.tanh(x), 1)),
    'log(1 + eˣ) in one go': (x) => ops.log(ops.add(ops.exp(x), 1)),
    'a derivative 1 − y² that cancels': (x) => ops.subtract(1, ops.square(ops.tanh(x))),
    'a quotient ∞/∞': (x) => ops.divide(ops.exp(x), ops.add(ops.exp(x), 1)),
  };
  for (const [fault, op] of Object.entries(faults))
    await expect(Promise.all(precisionLaws(fault, op).map(({ check }) => check()))).rejects.toThrow(fault);
});
