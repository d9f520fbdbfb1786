import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder } from '../assembler/module-builder.ts';

type Four = readonly [Local, Local, Local, Local];

/** Writes the transpose of the 4 × 4 block whose rows are `rows`; the result's rows are new locals. */
export function transpose4(made: FunctionBuilder, code: Code, rows: Four): Four {
  const [a, b, c, d] = rows;
  const pairs = made.locals('v128', 4) as unknown as Four;
  const out = made.locals('v128', 4) as unknown as Four;
  const shuffle = (x: Local, y: Local, to: Local, ...lanes: [number, number, number, number]): void => {
    code
      .get(x, y)
      .shuffle(...lanes)
      .set(to);
  };
  shuffle(a, b, pairs[0], 0, 4, 1, 5);
  shuffle(a, b, pairs[1], 2, 6, 3, 7);
  shuffle(c, d, pairs[2], 0, 4, 1, 5);
  shuffle(c, d, pairs[3], 2, 6, 3, 7);
  shuffle(pairs[0], pairs[2], out[0], 0, 1, 4, 5);
  shuffle(pairs[0], pairs[2], out[1], 2, 3, 6, 7);
  shuffle(pairs[1], pairs[3], out[2], 0, 1, 4, 5);
  shuffle(pairs[1], pairs[3], out[3], 2, 3, 6, 7);
  return out;
}
