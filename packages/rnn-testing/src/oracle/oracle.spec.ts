import { random } from '@funhash/hashing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, editScript, someEdits } from './edits.ts';
import { naturalLimits } from './natural.ts';
import { type NormName, norms } from './norms.ts';
import { editBall, normBall } from './oracle.ts';

const drawn = (seed: number, count: number): Float32Array =>
  random(seed).fillUniform(new Float32Array(count), -1, 1);

// numpy.linalg.norm(a, 2), norm(a), abs(a).max() of a = [[1, 2, 3], [-4, 5, 6.5]].
test('norms of numpy', () => {
  const difference = { values: Float64Array.of(1, 2, 3, -4, 5, 6.5), rows: 2, cols: 3 };
  expect(norms.spectral(difference)).toBeCloseTo(9.572180271146648, 10);
  expect(norms.frobenius(difference)).toBeCloseTo(9.86154146165801, 12);
  expect(norms.max(difference)).toBe(6.5);
  const tall = { values: Float64Array.of(1, -4, 2, 5, 3, 6.5), rows: 3, cols: 2 };
  expect(norms.spectral(tall)).toBeCloseTo(9.572180271146648, 10);
});

test('a projected test lies inside, on the line from its seed, and what lies inside stays', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.constantFrom(...(Object.keys(norms) as NormName[])),
      fc.boolean(),
      fc.double({ min: 1e-3, max: 5, noNaN: true }),
      (draw, norm, perChanged, radius) => {
        const shape = [4, 3];
        const [seed, other] = [{ values: drawn(draw, 12) }, { values: drawn(draw + 1, 12), length: 3 }];
        const ball = normBall({ norm, perChanged, radius });
        const inside = ball.project(seed, other, shape);
        expect(ball.distance(seed, inside, shape)).toBeLessThanOrEqual(radius);
        expect(ball.project(seed, inside, shape)).toBe(inside);
        if (ball.distance(seed, other, shape) <= radius) expect(inside).toBe(other);
        inside.values.forEach((value, k) => {
          const [a, b] = [seed.values[k] as number, other.values[k] as number];
          expect(value).toBeGreaterThanOrEqual(Math.min(a, b) - 1e-6);
          expect(value).toBeLessThanOrEqual(Math.max(a, b) + 1e-6);
        });
      },
    ),
    { seed: 1, numRuns: 60 },
  );
});

test('texts are as far apart as their edits', () => {
  const text = (...tokens: number[]) => ({
    values: Int32Array.from([...tokens, 0, 0]),
    length: tokens.length,
  });
  const ball = editBall({ radius: 0.25 });
  expect(ball.distance(text(1, 2, 3, 4), text(1, 3, 4), [])).toBe(0.25);
  expect(ball.distance(text(1, 2, 3, 4), text(1, 9, 4), [])).toBe(0.5);
  const [seed, far] = [text(1, 2, 3, 4), text(4, 3, 2, 1)];
  const inside = ball.project(seed, far, []);
  expect(ball.distance(seed, inside, [])).toBe(0.25);
  expect(editBall({ radius: 0.2 }).project(seed, far, [])).toBe(seed);
  expect(() => normBall().distance(seed, far, [6])).toThrow('Take editBall');
});

test('edits lead from one text to another, and a part of them no farther than asked', () => {
  const words = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 9 });
  const asText = (tokens: readonly number[]) => ({
    values: Int32Array.from({ length: 9 }, (_, k) => tokens[k] ?? 0),
    length: tokens.length,
  });
  fc.assert(
    fc.property(words, words, fc.double({ min: 0.05, max: 1, noNaN: true }), (a, b, radius) => {
      const script = editScript(a, b);
      expect(
        script.filter(({ kind }) => kind !== 'inserted').map((edit) => ('from' in edit ? edit.from : 0)),
      ).toEqual(a);
      expect(
        script.filter(({ kind }) => kind !== 'deleted').map((edit) => ('to' in edit ? edit.to : 0)),
      ).toEqual(b);
      const changes = script.filter(({ kind }) => kind !== 'kept').length;
      expect(changes).toBe(editDistance(a, b));
      expect(someEdits(script, changes)).toEqual(b);
      expect(someEdits(script, 0)).toEqual(a);
      const ball = editBall({ radius });
      const inside = ball.project(asText(a), asText(b), [9]);
      expect(ball.distance(asText(a), inside, [9])).toBeLessThanOrEqual(radius);
      if (changes <= radius * a.length) expect(inside).toEqual(asText(b));
    }),
    { seed: 2 },
  );
  // Levenshtein's own example, by letters.
  const letters = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));
  expect(editDistance(letters('kitten'), letters('sitting'))).toBe(3);
});

test('noise on flat ground is not natural, a shift is', () => {
  const image = (at: number): Float32Array =>
    Float32Array.from({ length: 64 }, (_, k) => Number(Math.floor(k / 8) === at));
  const isNatural = naturalLimits({
    inputs: Float32Array.from([...image(2), ...image(5)]),
    inputShape: [8, 8, 1],
  });
  expect(isNatural({ values: image(4) })).toBe(true);
  expect(isNatural({ values: image(4).map((_, k) => k % 2) })).toBe(false);
  expect(isNatural({ values: image(4).map((value) => value * 2) })).toBe(false);
});
