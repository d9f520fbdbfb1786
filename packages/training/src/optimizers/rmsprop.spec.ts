import { describe, test } from 'vitest';
import { optimizerLaws } from '../testing.ts';
import { testAgainstPyTorch } from './pytorch-cases.spec-kit.ts';
import { rmsprop } from './rmsprop.ts';

testAgainstPyTorch(rmsprop);

describe('centred, with momentum', () => {
  for (const { name, check } of optimizerLaws((options) =>
    rmsprop({ ...options, momentum: 0.5, centered: true }),
  ))
    test(name, check);
});
