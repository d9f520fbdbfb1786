import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder } from '../assembler/module-builder.ts';
import { transpose4 } from './transpose.ts';

/** Four floats from each of `width` pointers, stored as four rows of a strip, `width` floats each. */
export function fourColumns(made: FunctionBuilder, to: Local, sources: readonly Local[]): void {
  const { code } = made;
  const width = sources.length;
  const loaded = sources.map((source) => {
    const local = made.local('v128');
    code.get(source).memory('v128.load').set(local);
    return local;
  });
  const turn = (first: number): void => {
    transpose4(made, code, loaded.slice(first, first + 4) as [Local, Local, Local, Local]).forEach(
      (column, k) => {
        code.get(to, column).memory('v128.store', 4 * (k * width + first));
      },
    );
  };
  turn(0);
  if (width === 8) turn(4);
  else if (width === 6) turnPair(made, to, loaded[4] as Local, loaded[5] as Local);
  else
    for (let i = 4; i < width; i++)
      for (let k = 0; k < 4; k++)
        code.get(to, loaded[i] as Local).memoryLane('v128.store32_lane', k, 4 * (k * width + i));
}

// The last two of six rows: the pairs that two columns need make a vector.
function turnPair(made: FunctionBuilder, to: Local, a: Local, b: Local): void {
  const { code } = made;
  const pairs = made.local('v128');
  for (const first of [0, 2] as const) {
    code
      .get(a, b)
      .shuffle(first, first + 4, first + 1, first + 5)
      .set(pairs);
    for (const lane of [0, 1])
      code.get(to, pairs).memoryLane('v128.store64_lane', lane, 4 * ((first + lane) * 6 + 4));
  }
}

/** Stores the first `width` floats of two vectors. */
export function storeStrip(
  code: Code,
  width: number,
  to: Local,
  [low, high]: readonly [Local, Local],
  offset: number,
): void {
  code.get(to, low).memory('v128.store', offset);
  if (width === 8) code.get(to, high).memory('v128.store', offset + 16);
  else if (width === 6) code.get(to, high).memoryLane('v128.store64_lane', 0, offset + 16);
  else
    for (let i = 4; i < width; i++) code.get(to, high).memoryLane('v128.store32_lane', i - 4, offset + 4 * i);
}
