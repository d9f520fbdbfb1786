import { test } from 'vitest';
import { optimizerLaws } from '../testing.ts';
import { adaMax } from './ada-max.ts';
import { testAgainstPyTorch } from './pytorch-cases.spec-kit.ts';

testAgainstPyTorch(adaMax);
for (const { name, check } of optimizerLaws(adaMax)) test(name, check);
