import { random } from '@funhash/hashing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Interpreter } from './interpreter.ts';
import type { Program } from './program.ts';
import { rearranged, rewrite, transposed } from './rewrite.ts';
import { anyProgram, programSlots } from './testing/any-program.ts';

const pinned = { seed: 23, numRuns: 150 };
const side = fc.integer({ min: 1, max: 8 });

function decode(
  program: Program,
  rows: number,
  cols: number,
  uniforms: readonly number[] = [5, 6],
): Float64Array[] {
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
    uniforms,
    scalars: [0.5],
  };
  const outputs = new Interpreter(program, 'f64', 256).run(panel);
  return outputs.map((out) => Float64Array.from(out.subarray(0, rows * cols)));
}

test('entry [i, j] of the transposed program is entry [j, i]', () => {
  fc.assert(
    fc.property(anyProgram({ inputs: false }), side, side, (program, rows, cols) => {
      const whole = decode(program, rows, cols);
      const across = decode(transposed(program), cols, rows);
      whole.forEach((values, k) => {
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < cols; j++)
            if (across[k]?.[j * rows + i] !== values[i * cols + j])
              throw new Error(`entry [${j}, ${i}] differs`);
      });
    }),
    pinned,
  );
});

test('entries of a rearranged program are those at the coordinates asked for', () => {
  fc.assert(
    fc.property(anyProgram({ inputs: false }), side, (program, rows) => {
      const [cols, from] = [12, 2];
      const whole = decode(program, cols / 3 + from, rows * 3);
      const moved = rearranged(program, 1, ({ row, col }, [shift]) => ({
        row: col.group(3).plus(shift!),
        col: row.times(3).plus(col.lane(3)),
      }));
      expect(moved.slots.uniforms).toBe(program.slots.uniforms + 1);
      decode(moved, rows, cols, [5, 6, from]).forEach((values, k) => {
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < cols; j++) {
            const entry = (Math.floor(j / 3) + from) * rows * 3 + i * 3 + (j % 3);
            if (values[i * cols + j] !== whole[k]?.[entry]) throw new Error(`entry [${i}, ${j}] differs`);
          }
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
