import { describe, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { mpo } from './mpo.ts';

describe('mpo obeys', () => {
  for (const law of schemeLaws(mpo)) test(law.name, law.check);
});
