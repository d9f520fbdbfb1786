import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BinReader, BinWriter, BitstreamError, CodewordReader, CodewordWriter } from '../coder.ts';

const contexts = 5;
const bin = fc.tuple(
  fc.nat(contexts - 1),
  fc.oneof({ weight: 3, arbitrary: fc.constant<0 | 1>(0) }, fc.constant<0 | 1>(1)),
);
/** Runs of bins, so that contexts come to their ends. */
const bins = fc
  .array(fc.tuple(bin, fc.oneof(fc.constant(1), fc.nat(300))), { maxLength: 60 })
  .map((runs) => runs.flatMap(([each, times]) => Array.from({ length: times }, () => each)));

function written(all: readonly (readonly [number, 0 | 1])[]): Uint8Array {
  const writer = new BinWriter(contexts);
  for (const [context, value] of all) writer.bin(context, value);
  return writer.finish();
}

test('any bins are read as they were written, and the end is where it was', () => {
  fc.assert(
    fc.property(bins, fc.uint8Array({ maxLength: 4 }), (all, more) => {
      const bytes = written(all);
      const reader = new BinReader(Uint8Array.from([...bytes, ...more]), contexts);
      expect(all.every(([context, value]) => reader.bin(context) === value)).toBe(true);
      expect(reader.finish()).toBe(bytes.length);
    }),
    { seed: 15938, numRuns: 200 },
  );
});

test('a context learns: equal bins take few bytes, and those of several contexts do not disturb each other', () => {
  const equal = Array.from({ length: 20_000 }, () => [0, 1] as const);
  expect(written(equal).length).toBeLessThan(40);
  const turns = Array.from({ length: 20_000 }, (_, k) => [k % 2, (k % 2) as 0 | 1] as const);
  expect(written(turns).length).toBeLessThan(40);
  // In one context they would be a bit each.
  expect(written(turns.map(([, value]) => [0, value] as const)).length).toBeGreaterThan(2000);
});

test('bins are those of levels: a level that is not zero is a significance, a sign and a flag', () => {
  const levels = new CodewordWriter();
  // No context of one "greater" flag takes another set.
  levels.levels(Int32Array.of(1, 0), { greaterFlags: 1, optimize: false });
  const bytes = levels.finish();
  const reader = new BinReader(bytes, 70);
  const flags = 29 + 32 - 24 + 3;
  for (let c = 0; c < flags; c++) expect(reader.bin(61)).toBe(0);
  // Significant, positive, not greater; then not significant behind a positive one.
  expect([reader.bin(0), reader.bin(24), reader.bin(27), reader.bin(2)]).toEqual([1, 0, 0, 0]);
  expect(reader.finish()).toBe(bytes.length);
  expect([...new CodewordReader(bytes).levels(2, { greaterFlags: 1 })]).toEqual([1, 0]);
});

test('cut off it is refused', () => {
  const all = Array.from({ length: 300 }, (_, k) => [k % 3, ((k * k) % 7 < 3 ? 1 : 0) as 0 | 1] as const);
  const bytes = written(all);
  for (let length = 0; length < bytes.length; length++)
    expect(() => {
      const reader = new BinReader(bytes.subarray(0, length), contexts);
      for (const [context] of all) reader.bin(context);
      reader.finish();
    }).toThrow(BitstreamError);
});

test('other arguments are refused', () => {
  expect(() => new BinWriter(0)).toThrow(ArgumentError);
  expect(() => new BinReader(written([]), 2 ** 17)).toThrow(ArgumentError);
  expect(() => new BinReader('x' as never, 1)).toThrow(ArgumentError);
  for (const context of [-1, contexts, 0.5, Number.NaN, '0' as never]) {
    expect(() => new BinWriter(contexts).bin(context, 1)).toThrow(ArgumentError);
    expect(() => new BinReader(written([]), contexts).bin(context)).toThrow(ArgumentError);
  }
  const writer = new BinWriter(1);
  expect([writer.bin(0, 1), writer.bin(0, 0)]).toEqual([1, 0]);
  writer.finish();
  expect(() => writer.bin(0, 1)).toThrow('not finished');
  expect(() => writer.finish()).toThrow('not finished');
});
