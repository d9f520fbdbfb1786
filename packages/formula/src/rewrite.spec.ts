import { random } from '@funhash/hashing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Interpreter } from './interpreter.ts';
import type { Program } from './program.ts';
import { rewrite, transposed } from './rewrite.ts';
import { anyProgram, programSlots } from './testing/any-program.ts';

const pinned = { seed: 23, numRuns: 150 };
const side = fc.integer({ min: 1, max: 8 });

function decode(program: Program, rows: number, cols: number): Float64Array[] {
  const draw = random(9);
  const stored = programSlots.storedLengths.map((length) =>
    draw.fillUniform(new Float64Array(length), -1, 1),
  );
  const panel = {
    rows,
    cols,
    firstRow: 0,
    firstCol: 0,
    stored,
    inputs: [],
    uniforms: [5, 6],
    scalars: [0.5],
  };
  const outputs = new Interpreter(program, 'f64', 64).run(panel);
  return outputs.map((out) => Float64Array.from(out.subarray(0, rows * cols)));
}

test('entry [i, j] of the transposed program is entry [j, i]', () => {
  fc.assert(
    fc.property(anyProgram({ inputs: false }), side, side, (program, rows, cols) => {
      const whole = decode(program, rows, cols);
      const turned = decode(transposed(program), cols, rows);
      whole.forEach((values, k) => {
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < cols; j++)
            if (turned[k]?.[j * rows + i] !== values[i * cols + j])
              throw new Error(`entry [${j}, ${i}] differs`);
      });
    }),
    pinned,
  );
});

test('transposed twice is the same structure', () => {
  fc.assert(
    fc.property(anyProgram({ sinks: true }), (program) => {
      const twice = transposed(transposed(program));
      expect(twice.key).toBe(rewrite(program, (node) => node).key);
      expect(twice.graph).not.toBe(program.graph);
    }),
    pinned,
  );
});

test('a rewrite replaces operations and slots, and leaves the original alone', () => {
  fc.assert(
    fc.property(anyProgram({ inputs: false }), (program) => {
      const before = program.key;
      const swapped = rewrite(program, ({ op, value }) => ({
        op,
        value: op === 'uniform' ? 1 - value : value,
      }));
      const back = rewrite(swapped, ({ op, value }) => ({ op, value: op === 'uniform' ? 1 - value : value }));
      expect(program.key).toBe(before);
      expect(decode(back, 4, 4)).toEqual(decode(program, 4, 4));
    }),
    pinned,
  );
});
