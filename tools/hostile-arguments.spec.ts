import { Dense } from '@funhash/layers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allTargets, hostileValues, someArguments, watchCalls } from './hostile-arguments.ts';

// Somebody who writes JavaScript has no compiler that refuses: errors must say in his words what was wrong, and nothing may
// run on for ever or ask for all memory.
// Long, for a busy machine may let a process wait.
const call = watchCalls(120_000);

describe.each(Object.entries(allTargets()))(
  'whatever %s is given, it answers or throws an error of this project',
  (_, targets) => {
    test.each(targets.map((target) => [target.name, target] as const))('%s', async (_, target) => {
      await fc.assert(
        fc.asyncProperty(someArguments, (picked) => call(target, picked)),
        { seed: 11, numRuns: 60 },
      );
    });
  },
);

test('save refuses what cannot be written to', async () => {
  const texts = ["'x'", "'3'", "'SAME'"];
  for (const [name, make] of Object.entries(hostileValues))
    if (!texts.includes(name))
      await expect(new Dense({ in: 1, out: 1 }).save(make() as never)).rejects.toThrow(
        'save: expected target: a path, a URL, a file handle or a stream',
      );
});
