import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { entriesOf } from '../testing/subject.ts';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { Parameter } from '../weight/parameter.ts';
import { Weight } from '../weight/weight.ts';
import fixtures from './fresh-net.fixtures.json' with { type: 'json' };
import { freshNet } from './fresh-net.ts';

describe('freshNet obeys', () => {
  for (const law of schemeLaws(freshNet)) test(law.name, law.check);
});

test.each(fixtures)('filters of $options from the formulas of the paper', (golden) => {
  const { kernel, channels } = golden.options;
  const shape = { rows: golden.rows, cols: kernel * kernel * channels };
  const values = Float64Array.from(golden.w);
  const parameter = Parameter.of('w', values, [values.length]);
  const options = { ...golden.options, hash: 'xxHash32' };
  const { definition } = freshNet;
  const weight = new Weight({ definition, options, ...shape, parameters: [parameter], policy: 'tile' });
  entriesOf(weight.virtual, [values]).forEach((entry, k) => {
    expect(Math.abs(entry - (golden.entries[k] as number))).toBeLessThan(1e-12);
  });
  weight
    .decode()
    .dataSync()
    .forEach((entry, k) => {
      expect(Math.abs(entry - (golden.entries[k] as number))).toBeLessThan(1e-5);
    });
});

test('channels and size follow from the layer', () => {
  const weight = createWeight(freshNet({ kernel: 5, ratio: 1 / 16 }), { rows: 32, cols: 5 * 5 * 8 });
  expect(weight.options).toMatchObject({ kernel: 5, channels: 8, buckets: 400 });
  expect(weight.storedCount).toBe(400);
});

test('another kernel than that of the layer, or too few values for the bands, are refused', () => {
  const make = (kernel: number, values: number) => () =>
    createWeight(freshNet({ kernel, values }), { rows: 4, cols: 18 });
  expect(make(3, 5)).not.toThrow();
  expect(make(3, 4)).toThrow(/a bucket for each of 5 bands.*4 buckets/);
  expect(make(5, 20)).toThrow(ArgumentError);
  expect(make(5, 20)).toThrow(/the 18 columns.*5 × 5 × 1/);
  expect(() => createWeight(freshNet({ ratio: 1 / 2 }), { rows: 4, cols: 18 })).toThrow(/kernel/);
});
