import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ones } from './create.ts';
import { keep, scope } from './scope.ts';
import { memory } from './storage.ts';
import type { Tensor } from './tensor.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is held once the collector has found all that `make` left unreachable. */
async function heldAfter(make: () => void): Promise<number> {
  const before = memory().bytes;
  make();
  for (let round = 0; round < 20 && memory().bytes > before; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return memory().bytes - before;
}

const forgotten: Readonly<Record<string, () => void>> = {
  'made outside of scopes': () => void ones([64]),
  'returned from the outermost scope': () => void scope(() => scope(() => ones([64]))),
  'kept in a scope': () => scope(() => void keep(ones([64]))),
  'a view kept, its source freed by the scope': () => scope(() => void keep(ones([64]).view([8], [1], 0))),
};

for (const [name, make] of Object.entries(forgotten))
  test(`the collector frees a tensor that was ${name}`, async () => {
    expect(await heldAfter(make)).toBe(0);
  });

test('the collector frees nothing twice, and nothing that is still used', async () => {
  const held: Tensor[] = [];
  const left = await heldAfter(() => {
    const x = ones([64]);
    held.push(x.view([8], [1], 0));
    x.dispose();
    ones([16]).dispose();
  });
  expect(left).toBe(256);
  expect(held[0]?.toArray()).toEqual(new Array(8).fill(1));
  held[0]?.dispose();
});
