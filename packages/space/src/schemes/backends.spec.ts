import { scope, setStrict, tensor, useBackend } from '@funhash/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WeightRequest } from '../scheme.ts';
import { samplesOf } from '../testing/scheme-samples.ts';
import { type SchemeLawName, schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { project } from '../weight/project.ts';
import * as schemes from './index.ts';

/** Laws that do not depend on a backend; each scheme's own spec checks them, and the others on the reference. */
const elsewhere: SchemeLawName[] = [
  'seeds',
  'spec',
  'sizes',
  'reach',
  'variance',
  'projection',
  'adjoint',
  'second',
];

describe.each(Object.entries(schemes))('%s on wasm obeys', (_, scheme) => {
  const options = { backends: ['wasm'], reference: false, drawn: 1, except: elsewhere } as const;
  for (const law of schemeLaws(scheme, options)) test(law.name, law.check);
});

// A projection computes in f64, which no other backend than the reference has: without a fallback.
describe('a projection on wasm, in strict mode', () => {
  beforeAll(async () => void (await useBackend('wasm', { strict: true })));
  afterAll(async () => {
    setStrict(false);
    await useBackend('reference');
  });
  test.each(Object.entries(schemes))('%s', (_, scheme) => {
    for (const { shape, requests, except } of samplesOf(scheme))
      if (!except.includes('projection'))
        scope(() => {
          const weight = createWeight(requests[0] as WeightRequest, shape);
          const size = shape.rows * shape.cols;
          const target = tensor(
            Float32Array.from({ length: size }, (_, k) => Math.sin(k)),
            [shape.rows, shape.cols],
          );
          const { errorBefore, errorAfter } = project(weight, target, { steps: 2, iterations: 5 });
          expect(errorAfter).toBeLessThanOrEqual(errorBefore);
        });
  });
});
