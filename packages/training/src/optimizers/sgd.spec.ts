import { describe, test } from 'vitest';
import { optimizerLaws } from '../testing.ts';
import { testAgainstPyTorch } from './pytorch-cases.spec-kit.ts';
import { sgd } from './sgd.ts';

testAgainstPyTorch(sgd);

describe('with Nesterov momentum', () => {
  for (const { name, check } of optimizerLaws((options) =>
    sgd({ ...options, momentum: 0.9, nesterov: true }),
  ))
    test(name, check);
});
