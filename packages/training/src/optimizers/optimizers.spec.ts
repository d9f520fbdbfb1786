import { describe, expect, test } from 'vitest';
import type { OptimizerMaker } from '../optimizer.ts';
import { optimizerLaws } from '../testing.ts';
import * as optimizers from './index.ts';

describe.each(Object.entries<OptimizerMaker>(optimizers))('%s', (name, make) => {
  test('is exported by its name', () => expect(make().rule).toBe(name));
  for (const law of optimizerLaws(make)) test(law.name, law.check);

  if (Object.keys(make.usual).length > 0)
    describe('as commands use it', () => {
      for (const law of optimizerLaws((options) => make({ ...make.usual, ...options })))
        test(law.name, law.check);
    });
});
