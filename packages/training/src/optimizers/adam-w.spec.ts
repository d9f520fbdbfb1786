import { adamW } from './adam-w.ts';
import { testAgainstPyTorch } from './pytorch-cases.spec-kit.ts';

testAgainstPyTorch(adamW);
