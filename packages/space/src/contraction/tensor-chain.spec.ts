import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { mpo } from '../schemes/mpo.ts';
import { tensorTrain } from '../schemes/tensor-train.ts';
import { createWeight } from '../weight/create-weight.ts';
import { balancedModes } from './modes.ts';
import { largestRanks } from './tensor-chain.ts';

const storedBy = (request: ReturnType<typeof tensorTrain>, rows: number, cols: number): number =>
  createWeight(request, { rows, cols }).storedCount;

describe('values of the tensor trains of Novikov et al. 2015', () => {
  const square = (modes: number[], ranks: number): number =>
    storedBy(tensorTrain({ inModes: modes, outModes: modes, ranks }), 1024, 1024);

  test.each([
    [[4, 4, 4, 4, 4], 8, 3328],
    [[4, 4, 4, 4, 4], 6, 1920],
    [[4, 8, 8, 4], 8, 8448],
    [[4, 8, 8, 4], 6, 4800],
    [[2, 2, 2, 2, 2, 2, 2, 2, 2, 2], 4, 512 + 32],
  ])('1024 × 1024 by modes %s of ranks %i: %i', (modes, ranks, values) => {
    expect(square(modes, ranks)).toBe(values);
  });

  const vgg = { inModes: [2, 7, 8, 8, 7, 4], outModes: [4, 4, 4, 4, 4, 4] };

  test.each([
    [4, 2016, 50_972],
    [2, 528, 194_622],
    [1, 144, 713_614],
  ])('25088 × 4096 of ranks %i: %i, a factor of %i', (ranks, values, factor) => {
    expect(storedBy(tensorTrain({ ...vgg, ranks }), 4096, 25_088)).toBe(values);
    expect(Math.floor((25_088 * 4096) / values)).toBe(factor);
  });

  test('4096 × 4096 of ranks 4: 1152', () => {
    const modes = [4, 4, 4, 4, 4, 4];
    expect(storedBy(tensorTrain({ inModes: modes, outModes: modes, ranks: 4 }), 4096, 4096)).toBe(1152);
  });

  test('1024 → 3125, the first layer of the CIFAR-10 net: 4160', () => {
    const request = tensorTrain({ inModes: [4, 4, 4, 4, 4], outModes: [5, 5, 5, 5, 5], ranks: 8 });
    expect(storedBy(request, 3125, 1024)).toBe(4160);
  });
});

describe('modes that are not given', () => {
  test.each([
    [784, 4, [4, 7, 7, 4]],
    [1024, 4, [4, 8, 8, 4]],
    [10, 4, [1, 2, 5, 1]],
    [25_088, 6, [4, 4, 7, 8, 7, 4]],
    [13, 3, [1, 13, 1]],
    [1, 2, [1, 1]],
  ])('%i by %i', (size, count, modes) => {
    expect(balancedModes(size, count)).toEqual(modes);
  });

  test('follow from the extents, and the ranks from a budget', () => {
    const { options, storedCount } = createWeight(tensorTrain({ ratio: 1 / 64 }), { rows: 1000, cols: 784 });
    expect(options).toMatchObject({ inModes: [4, 7, 7, 4], outModes: [5, 5, 8, 5] });
    expect(storedCount).toBeLessThanOrEqual(12_250);
    expect(storedCount).toBeGreaterThan(11_000);
  });

  test('a prime is said to fit badly, and is padded where that is allowed', () => {
    const shape = { rows: 64, cols: 127 };
    const plain = createWeight(tensorTrain({ ranks: 2 }), shape);
    expect(plain.options).toMatchObject({ inModes: [1, 127, 1] });
    expect(plain.notes.join()).toMatch(/columns: 127 is prime, so that modes are 1×127×1; padding: true/);
    const padded = createWeight(tensorTrain({ ranks: 2, padding: true }), shape);
    expect(padded.options).toMatchObject({ inModes: [4, 8, 4] });
    expect(padded.notes.join()).toMatch(/columns: padded from 127 to 128/);
  });

  test('of a convolution: the places of the filter first, as in Garipov et al. 2016', () => {
    const weight = createWeight(tensorTrain({ kernel: 3, ranks: 4 }), { rows: 128, cols: 9 * 64 });
    expect(weight.options).toMatchObject({ inModes: [9, 4, 4, 4], outModes: [1, 4, 8, 4] });
    expect(() => createWeight(tensorTrain({ kernel: 3, ranks: 4 }), { rows: 8, cols: 10 })).toThrow(
      'kernel × kernel × channels',
    );
  });
});

describe('refused', () => {
  const make = (options: Parameters<typeof tensorTrain>[0]) => () =>
    createWeight(tensorTrain(options), { rows: 12, cols: 30 });

  test.each([
    [
      { inModes: [3, 5, 3], outModes: [2, 3, 2], ranks: 2 },
      /inModes whose product is the 30 columns.*3×5×3 = 45/,
    ],
    [{ inModes: [3, 5, 2], outModes: [2, 3], ranks: 2 }, /as many inModes as outModes/],
    [{ inModes: [], outModes: [], ranks: [] }, /at least one, got none and none/],
    [
      { inModes: [3, 5, 2], outModes: [2, 3, 2], ranks: [2] },
      /2 ranks, one between each two of 3 cores, got 1/,
    ],
    [
      { inModes: [3, 5, 2], outModes: [2, 3, 2], ranks: [6, 5] },
      /ranks\[1\] of at most 4 .*\(at most 6, 4\), got 5/,
    ],
    [{ inModes: [3, 5, 2], outModes: [2, 3, 2], ranks: 7 }, /ranks of at most 6 .*, got 7/],
    [{ inModes: [3, 5, 2], outModes: [2, 3, 2] }, /ranks/],
    [{ inModes: [3.5, 2], outModes: [2, 6], ranks: 2 }, /inModes: a list of/],
    [{ inModes: 'all' as never, outModes: [2, 6], ranks: 2 }, /inModes: a list of/],
    [{ values: 5 }, /at least \d+ values for 12 × 30/],
    [
      { inModes: [8, 6], outModes: [3, 4], ranks: 2, padding: true },
      /product is the 30 columns.*or up to 5 more/,
    ],
  ])('%j', (options, message) => {
    expect(make(options)).toThrow(ArgumentError);
    expect(make(options)).toThrow(message);
  });

  test('mpo speaks of bonds', () => {
    const options = { inModes: [3, 5, 2], outModes: [2, 3, 2], bonds: [7, 4] };
    expect(() => createWeight(mpo(options), { rows: 12, cols: 30 })).toThrow(
      /mpo: expected bonds\[0\] of at most 6/,
    );
  });
});

test('the largest ranks are those of the lesser side of each cut', () => {
  expect(largestRanks([3, 5, 2], [2, 3, 2])).toEqual([6, 4]);
});

test('large ranks cost nothing before they are used', () => {
  const weight = createWeight(tensorTrain({ inModes: [32, 32], outModes: [32, 32], ranks: 1000 }), {
    rows: 1024,
    cols: 1024,
  });
  expect(weight.storedCount).toBe(2 * 1024 * 1000);
});
