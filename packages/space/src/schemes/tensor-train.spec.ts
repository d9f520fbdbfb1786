import { describe, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { tensorTrain } from './tensor-train.ts';

describe('tensorTrain obeys', () => {
  for (const law of schemeLaws(tensorTrain)) test(law.name, law.check);
});
