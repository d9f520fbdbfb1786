import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scriptDialect } from '../../text/script-dialect.ts';
import { levelsOf } from '../levels.ts';
import { codedPayload } from '../payload.ts';
import { type Coding, codingOf, contextCount, encodedLevels } from './encode-levels.ts';

const arrays = fc.array(
  fc
    .tuple(
      fc.integer({ min: 1, max: 127 }),
      fc.array(fc.integer({ min: -127, max: 127 }), { minLength: 1, maxLength: 600 }),
    )
    .map(([most, levels]) =>
      Float32Array.from(levels, (level) => Math.max(-most, Math.min(most, level)) * 0.25),
    ),
  { minLength: 1, maxLength: 4 },
);

test('a script decodes every array of one code', () => {
  fc.assert(
    fc.property(arrays, (given) => {
      let length = 0;
      const placed = given.flatMap((values) => {
        const found = levelsOf(values);
        const offset = length;
        length += values.length;
        return found ? [{ found, offset }] : [];
      });
      if (placed.length === 0) return;
      const text = `const m=new Float32Array(${length});${codedPayload(placed, scriptDialect)};m`;
      const made: Float32Array = runInContext(text, createContext({ Float32Array, Uint8Array }));
      expect(made).toEqual(
        Float32Array.from(
          given.flatMap((values) => [...values]),
          (value) => value || 0,
        ),
      );
    }),
    { seed: 1, numRuns: 60 },
  );
});

test('a code is within three in a hundred of the entropy of its levels, in digits of any radix', () => {
  const levels = Int32Array.from({ length: 6000 }, (_, k) => Math.round(2 * Math.sin(k * k) ** 3));
  const counts = new Map<number, number>();
  for (const level of levels) counts.set(level, (counts.get(level) ?? 0) + 1);
  const bits = [...counts.values()].reduce((sum, count) => sum + count * Math.log2(levels.length / count), 0);
  for (const radix of [256, 92]) {
    const coding: Coding = { radix, depth: 2, classes: 1, goesOn: false };
    const digits = encodedLevels([levels], coding);
    expect(digits.every((digit) => digit >= 0 && digit < radix)).toBe(true);
    expect((digits.length * Math.log2(radix)) / bits).toBeLessThan(1.03);
  }
});

test('levels that follow large ones are coded apart where that is shorter', () => {
  const levels = Int32Array.from({ length: 4000 }, (_, k) => ((k >> 5) % 2 === 0 ? 0 : (k * 7) % 4));
  expect(codingOf([levels], 256).classes).toBeGreaterThan(1);
});

test('a magnitude that is alone is said by going on, without contexts for all below it', () => {
  const levels = Int32Array.from({ length: 2000 }, (_, k) => (k === 700 ? -32 : (k * k) % 5));
  const coding = codingOf([levels], 256);
  expect(coding.goesOn).toBe(true);
  expect(contextCount(coding)).toBeLessThan(64);
});
