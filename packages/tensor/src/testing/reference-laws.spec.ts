import { describe, test } from 'vitest';
import { referenceBackend } from '../reference/backend.ts';
import { lawsAgainst } from './backend-laws.ts';
import { naiveKernels } from './naive-kernels.ts';

describe('the reference obeys the laws against element-by-element definitions', () => {
  for (const law of lawsAgainst(naiveKernels, async () => referenceBackend)) test(law.name, law.check);
});
