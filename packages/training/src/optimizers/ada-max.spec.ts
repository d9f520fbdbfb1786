import { adaMax } from './ada-max.ts';
import { testAgainstPyTorch } from './pytorch-cases.spec-kit.ts';

testAgainstPyTorch(adaMax);
