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
  const unused = made.local('v128');
  const turned = [0, 4].map((first) => {
    const four = [0, 1, 2, 3].map((i) => loaded[first + i] ?? unused);
    return transpose4(made, code, four as unknown as [Local, Local, Local, Local]);
  });
  for (let column = 0; column < 4; column++)
    storeStrip(
      code,
      width,
      to,
      turned.map((half) => half[column] as Local) as [Local, Local],
      column * width * 4,
    );
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
