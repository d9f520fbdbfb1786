import { test } from 'vitest';
import { optimizerLaws } from '../testing.ts';
import { adam } from './adam.ts';
import { testAgainstPyTorch } from './pytorch-cases.spec-kit.ts';

testAgainstPyTorch(adam);
for (const { name, check } of optimizerLaws(adam)) test(name, check);
