import { expect, test } from 'vitest';
import { languages } from './languages.ts';

test('literals of scripts are the nearest f32 of any number', () => {
  const numbers = [0, -0, 1, -1, 0.1, 1e-45, 3.4e38, 2 ** 24, Number.NaN, Infinity, -Infinity];
  for (const value of numbers)
    expect(new Function(`return ${languages.js.literal(value)};`)()).toBe(Math.fround(value));
});

test('literals of shaders have a point or an exponent, and no value that GLSL has no name for', () => {
  const texts = (['glsl100', 'glsl300'] as const).map((name) =>
    [3, -0, 0.1, 1e-45, Number.NaN, -Infinity].map(languages[name].literal),
  );
  const expected = [
    '3.0',
    '(-0.0)',
    '0.10000000149011612',
    '1.401298464324817e-45',
    '(0.0 / 0.0)',
    '(-(1.0e30 * 1.0e30))',
  ];
  expect(texts).toEqual([expected, expected]);
});
