import { test } from 'vitest';
import { optimizerLaws } from '../testing.ts';
import { adamW } from './adam-w.ts';
import { testAgainstPyTorch } from './pytorch-cases.spec-kit.ts';

testAgainstPyTorch(adamW);
for (const { name, check } of optimizerLaws(adamW)) test(name, check);
