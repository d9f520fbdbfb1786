import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bitsOf, levelsOf, packedCodes } from './levels.ts';
import { decoders, payloadOf } from './payload.ts';

/** What a script makes of the text of values. */
function made(values: Float32Array | Int32Array): Float32Array | Int32Array {
  const { statements, needs } = payloadOf(values, 0);
  const kind = values instanceof Float32Array ? 'Float32Array' : 'Int32Array';
  const name = kind === 'Float32Array' ? 'm' : 'n';
  const text = `const ${name}=new ${kind}(${values.length});${needs ? decoders[needs] : ''}\n${statements}\n${name}`;
  return runInContext(text, createContext({ atob, Float32Array, Int32Array, Uint8Array }));
}

const steps = fc.float({ min: Math.fround(1e-6), max: 100, noNaN: true });
const multiples = fc
  .tuple(
    steps,
    fc.integer({ min: 1, max: 127 }),
    fc.array(fc.integer({ min: -127, max: 127 }), { minLength: 1 }),
  )
  .map(([step, most, levels]) =>
    Float32Array.from(levels, (level) => Math.max(-most, Math.min(most, level)) * step || 0),
  );
const signs = fc
  .tuple(steps, fc.array(fc.boolean(), { minLength: 1 }))
  .map(([step, bits]) => Float32Array.from(bits, (bit) => (bit ? step : -step)));

test('a script has the values that it was made of, bit for bit', () => {
  fc.assert(
    fc.property(fc.oneof(multiples, signs, fc.float32Array(), fc.int32Array()), (values) => {
      expect(made(values)).toEqual(values);
    }),
    { seed: 1 },
  );
});

test('packed codes say all values of an array of codes', () => {
  fc.assert(
    fc.property(fc.oneof(multiples, signs), (values) => {
      const found = levelsOf(values);
      if (!found) return;
      const [bits, packed] = [bitsOf(found), packedCodes(found)];
      const read = Float32Array.from(values, (_, k) => {
        const pair = (packed[(k * bits) >> 3] as number) | ((packed[((k * bits) >> 3) + 1] ?? 0) << 8);
        const code = (pair >> ((k * bits) & 7)) & (2 ** bits - 1);
        return (code * found.gap + found.least) * found.step;
      });
      expect(read).toEqual(values);
    }),
    { seed: 1 },
  );
});

test('signs take a bit of C, and a script a character for six of them', () => {
  const values = Float32Array.from({ length: 6000 }, (_, k) => (k % 7 < 3 ? 0.5 : -0.5));
  const found = levelsOf(values);
  expect(found && bitsOf(found)).toBe(1);
  expect(payloadOf(values, 0).statements.length).toBeLessThan(1040);
});
