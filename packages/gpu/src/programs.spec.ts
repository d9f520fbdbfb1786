import { programText, uniformHalves } from '@funhash/codegen';
import { type Program, symbolicWords, type Word } from '@funhash/formula';
import {
  anyProgram,
  edgeNumbers,
  edgeUniforms,
  edgeWords,
  evaluateEntry,
  everyWordOperation,
  programSlots,
  wordProgram,
} from '@funhash/formula/testing';
import { type HashFamily, hashFamilies, random } from '@funhash/hashing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quotient } from './addressing.ts';
import { languageOf } from './context.ts';
import { Device } from './device.ts';
import { nativeCode } from './program-operands.ts';
import { testedModes } from './tested-modes.spec-kit.ts';

interface Situation {
  readonly rows: readonly number[];
  readonly cols: readonly number[];
  readonly uniforms: readonly number[];
  readonly scalars: readonly number[];
  readonly stored: readonly Float32Array[];
  readonly inputs: readonly Float32Array[];
}

/** The outputs of a program at entries (rows[k], cols[k]). */
function evaluateOn(device: Device, program: Program, given: Situation): Float32Array[] {
  const language = languageOf(device.mode);
  const text = programText(program, language);
  const { stored, uniforms, scalars } = text.used;
  const entries = given.rows.length;
  const arrays = [given.rows, given.cols, ...stored.map((slot) => given.stored[slot]), ...given.inputs];
  const numbers = [
    ...uniforms.flatMap((slot) => uniformHalves(given.uniforms[slot] as number)),
    ...scalars.map((slot) => given.scalars[slot] as number),
  ];
  const names = [
    ...['rows', 'cols', ...stored.map((slot) => `stored${slot}`), ...given.inputs.map((_, k) => `input${k}`)],
    ...uniforms.flatMap((slot) => [`low${slot}`, `high${slot}`]),
    ...scalars.map((slot) => `scalar${slot}`),
  ];
  const uploaded = arrays.map((array) => Float32Array.from(array as ArrayLike<number>));
  const out = device.run(program.key, [...uploaded, ...numbers], () => ({
    length: entries * text.results.length,
    functions: [quotient],
    native: nativeCode(text, language),
    source: `function (${names.join()}) {
      const part = quotient(this.thread.x, ${entries});
      const k = this.thread.x - part * ${entries};
      ${text
        .evaluate({
          row: 'rows[k]',
          col: 'cols[k]',
          uniform: (slot) => [`low${slot}`, `high${slot}`],
          scalar: (slot) => `scalar${slot}`,
          input: (slot) => `input${slot}[k]`,
          stored: (slot, index) => `stored${slot}[${index}]`,
        })
        .join('\n')}
      let result = ${text.results[0]};
      ${text.results
        .slice(1)
        .map((name, k) => `if (part > ${k}.5) { result = ${name}; }`)
        .join('\n')}
      return result;
    }`,
  }));
  const values = device.read(out);
  out.release();
  return text.results.map((_, k) => values.subarray(k * entries, (k + 1) * entries));
}

describe.each(testedModes)('programs in mode %s', (mode) => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.start(mode);
  });
  afterAll(() => device.close());

  test('mean what the interpreter says, on random programs', () => {
    fc.assert(
      fc.property(anyProgram(), fc.nat(), (program, seed) => {
        const draw = random(seed);
        const filled = (length: number): Float32Array => draw.fillUniform(new Float32Array(length), -1, 1);
        const entries = 24;
        const place = (k: number): number =>
          k % 4 === 0 ? (edgeNumbers[k % edgeNumbers.length] as number) : draw.integer(2 ** 24);
        const given = {
          rows: Array.from({ length: entries }, (_, k) => place(k)),
          cols: Array.from({ length: entries }, (_, k) => place(k + 5)),
          uniforms: [draw.uint32(), edgeWords[draw.integer(edgeWords.length)] as number],
          scalars: [draw.uniform()],
          stored: programSlots.storedLengths.map(filled),
          inputs: Array.from({ length: program.slots.inputs }, () => filled(entries)),
        };
        const found = evaluateOn(device, program, given);
        for (let k = 0; k < entries; k++) {
          const entry = {
            ...given,
            row: given.rows[k] as number,
            col: given.cols[k] as number,
            inputs: given.inputs.map((input) => input[k] as number),
          };
          // Rounding may move a value over a jump; then the doubles move with it or the floats do.
          const close = (['f32', 'f64'] as const).some((dtype) =>
            evaluateEntry(program, entry, dtype).outputs.every(
              (value, out) => Math.abs(value - (found[out]?.[k] as number)) <= 1e-5,
            ),
          );
          if (!close) {
            const { outputs } = evaluateEntry(program, entry, 'f32');
            throw new Error(
              `entry ${k}: ${found.map((values) => values[k])} for ${outputs}, of ${program.key}`,
            );
          }
        }
      }),
      { seed: 41, numRuns: 60 },
    );
  });

  test('every word operation is exact, at the ends of limbs, bytes and words', () => {
    const program = everyWordOperation();
    const rows = edgeNumbers.flatMap((edge) => edgeNumbers.map(() => edge));
    const cols = edgeNumbers.flatMap(() => edgeNumbers);
    const parts = Array.from({ length: Math.ceil(program.outputs.length / 16) }, (_, k) =>
      program.only(program.outputs.slice(16 * k, 16 * k + 16)),
    );
    for (const uniforms of edgeUniforms)
      for (const part of parts) {
        const found = evaluateOn(device, part, { rows, cols, uniforms, scalars: [], stored: [], inputs: [] });
        rows.forEach((row, k) => {
          const col = cols[k] as number;
          const { outputs } = evaluateEntry(part, { row, col, uniforms });
          outputs.forEach((value, out) => {
            const actual = found[out]?.[k];
            if (actual !== value)
              throw new Error(
                `${actual} for ${value}, output ${out} at ${row}, ${col} under ${uniforms} of ${part.key}`,
              );
          });
        });
      }
  });

  const families = Object.keys(hashFamilies) as HashFamily[];
  test.each(families)('%s below any number of buckets, and its sign', (family) => {
    const program = wordProgram(2, ({ row, col, uniform: [seed, buckets], graph }) => {
      const h = hashFamilies[family](symbolicWords(graph), row, col, seed as Word);
      return [h.below(buckets as Word), h.and(1)];
    });
    const draw = random(5);
    const entries = mode === 'cpu' ? 400 : 4096;
    const rows = Array.from({ length: entries }, (_, k) => (k < 8 ? 2 ** 24 - 1 - k : draw.integer(2 ** 24)));
    const cols = Array.from({ length: entries }, (_, k) => (k < 16 ? 65534 + k : draw.integer(2 ** 24)));
    for (const seed of [0, 1, 0xffffffff, 0x80000000, 0x9e3779b9])
      for (const buckets of [1, 2, 3, 997, 65535, 65536, 65537, 1000003, 8388607, 2 ** 24]) {
        const uniforms = [seed, buckets];
        const found = evaluateOn(device, program, {
          rows,
          cols,
          uniforms,
          scalars: [],
          stored: [],
          inputs: [],
        });
        const wrong = rows.findIndex((row, k) => {
          const { outputs } = evaluateEntry(program, { row, col: cols[k] as number, uniforms });
          return outputs.some((value, out) => value !== found[out]?.[k]);
        });
        expect(wrong, `seed ${seed}, ${buckets} buckets`).toBe(-1);
      }
  });
});
