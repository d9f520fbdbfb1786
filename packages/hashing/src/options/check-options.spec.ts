import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ArgumentError, OptionError } from '../errors.ts';
import { checkOptions, refuseMisspelt, refuseUnknown, shownValue } from './check-options.ts';
import { nearestName } from './nearest-name.ts';
import { type OptionsOf, option } from './option.ts';

const rules = {
  in: option.required(option.count()),
  kernelSize: option.required(option.integer({ least: 1, most: 9 })),
  stride: option.count(),
  bias: option.flag(),
  mode: option.oneOf(['nearest', 'bilinear']),
  rates: option.list(option.real({ least: 0 })),
  widths: option.list(option.count(), { least: 1, most: 2 }),
};
const check = (given: unknown): void => checkOptions('Conv2d', rules, given);
const messageOf = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return (error as Error).message;
  }
  return 'nothing refused';
};

describe('checkOptions', () => {
  test('takes what the rules say, and undefined as not given', () => {
    check({
      in: 1,
      kernelSize: 9,
      stride: undefined,
      bias: false,
      mode: 'nearest',
      rates: [0, 0.5],
      extra: undefined,
    });
    check(Object.assign(Object.create(null), { in: 1, kernelSize: 1 }));
  });

  test.each([
    [{ strides: 2 }, 'Conv2d: unknown option strides; did you mean stride?'],
    [{ size: 2 }, 'Conv2d: unknown option size; did you mean kernelSize?'],
    [{ useBias: true }, 'Conv2d: unknown option useBias; did you mean bias?'],
    [
      { colour: 2 },
      'Conv2d: unknown option colour; it takes in, kernelSize, stride, bias, mode, rates, widths',
    ],
    [
      { toString: 2 },
      'Conv2d: unknown option toString; it takes in, kernelSize, stride, bias, mode, rates, widths',
    ],
    [{ in: 1.5, kernelSize: 1 }, 'Conv2d: expected in: a whole number ≥ 1, got 1.5.'],
    [{ in: 1 }, 'Conv2d: expected kernelSize: a whole number from 1 to 9, got none.'],
    [{ in: 1, kernelSize: 1, mode: 'cubic' }, 'Conv2d: expected mode: one of nearest, bilinear, got cubic.'],
    [
      { in: 1, kernelSize: 1, rates: [1, -1] },
      'Conv2d: expected rates: a list, each a finite number ≥ 0, got [1,-1].',
    ],
    [
      { in: 1, kernelSize: 1, widths: [1, 2, 3] },
      'Conv2d: expected widths: a list of 1 to 2 members, each a whole number ≥ 1, got [1,2,3].',
    ],
    [3, 'Conv2d: expected options as an object, { in: … }, got 3.'],
    [null, 'Conv2d: expected options as an object, { in: … }, got null.'],
    [[1], 'Conv2d: expected options as an object, { in: … }, got [1].'],
    [new Map(), 'Conv2d: expected options as an object, { in: … }, got a Map.'],
  ])('%j', (given, message) => expect(messageOf(() => check(given))).toBe(message));

  test('an unknown name is an error of its own, with what is known', () => {
    expect(() => refuseUnknown('sum', ['axis', 'keepDims'], { keepdim: true })).toThrow(OptionError);
    expect(messageOf(() => refuseUnknown('sum', ['axis', 'keepDims'], { dim: 0 }))).toBe(
      'sum: unknown option dim; it takes axis, keepDims',
    );
    expect(messageOf(() => refuseUnknown('flatten', [], { axis: 0 }))).toBe(
      'flatten: unknown option axis; it takes none',
    );
  });

  test('advice takes the place of the nearest name', () => {
    const advice = { lr: 'it belongs to the optimizer' };
    expect(messageOf(() => checkOptions('fit', rules, { in: 1, kernelSize: 1, lr: 1 }, advice))).toBe(
      'fit: unknown option lr; it belongs to the optimizer',
    );
    expect(messageOf(() => refuseUnknown('fit', ['seed'], { seeds: 1 }, { seeds: 'say seed' }))).toBe(
      'fit: unknown option seeds; say seed',
    );
  });

  test('records that may carry more: only what is near to a name, or advised on, is refused', () => {
    const advice = { images: 'did you mean inputs?' };
    const check = (given: Record<string, unknown>) =>
      refuseMisspelt('split', ['inputs', 'labels'], given, advice);
    check({ inputs: 1, name: 'xor', constructor: 1, images: undefined });
    expect(messageOf(() => check({ images: 1 }))).toBe('split: unknown option images; did you mean inputs?');
    expect(messageOf(() => check({ label: 1 }))).toBe('split: unknown option label; did you mean labels?');
  });

  test('types: required and optional fields', () => {
    expectTypeOf<OptionsOf<typeof rules>>().toExtend<{ readonly in: number; readonly stride?: number }>();
    expectTypeOf<{ in: number }>().not.toExtend<OptionsOf<typeof rules>>();
    expectTypeOf<{ in: number; kernelSize: number; mode: 'nearest' }>().toExtend<OptionsOf<typeof rules>>();
  });
});

describe('nearestName', () => {
  const names = ['kernelSize', 'learningRate', 'weightDecay', 'stride', 'activation', 'batchSize'];

  test('any one slip leads back to its name', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.nat(25), fc.nat(3), (name, place, letter, slip) => {
        const at = place % (name.length - 1);
        const [head, tail] = [name.slice(0, at), name.slice(at)];
        const extra = String.fromCharCode(97 + letter);
        const slips = [
          head + extra + tail,
          head + tail.slice(1),
          head + extra + tail.slice(1),
          head + tail[1] + tail[0] + tail.slice(2),
        ];
        expect(nearestName(slips[slip] as string, names)).toBe(name);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  test('one slip is nearer than a whole word in common', () => {
    expect(nearestName('wrmupSteps', ['steps', 'warmupSteps'])).toBe('warmupSteps');
    expect(nearestName('totalSteps', ['warmupSteps', 'steps'])).toBe('steps');
  });

  test('capitals do not matter; strangers have none', () => {
    expect(nearestName('batchsize', names)).toBe('batchSize');
    expect(nearestName('dilation', names)).toBeUndefined();
    expect(nearestName('lr', names)).toBeUndefined();
  });
});

test('values in messages are short and on one line', () => {
  expect(shownValue(10n)).toBe('10n');
  expect(shownValue([1, 'a'])).toBe('[1,"a"]');
  expect(['3', '', 'true', 'three', 3].map(shownValue)).toEqual(['"3"', '""', '"true"', 'three', '3']);
  expect(shownValue(new Array(99).fill(1))).toHaveLength(80);
  expect(shownValue(new Float32Array(2))).toBe('a Float32Array');
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(shownValue(circle)).toBe('an object');
});
