import { backendLaws } from '@funhash/tensor/testing';
import { describe, expect, test } from 'vitest';
import { createBackend } from './create-backend.ts';
import { ownOnReference } from './twins.spec-kit.ts';

// One backend for all laws: what one leaves behind must not matter to the next, and code is compiled once.
const backend = Promise.resolve(createBackend());

const onHost = /whole numbers/;

describe('the contract of a backend', () => {
  for (const law of backendLaws(() => backend, { floats: ['f32'] }))
    if (!onHost.test(law.name)) test(law.name, law.check);

  test('nothing in f32 ran on the reference but what the backend says that it lacks', async () => {
    expect(ownOnReference(await backend)).toEqual([]);
  });
});

describe('f64 and whole numbers run on the reference, counted', () => {
  const kernels = /^(map|reduce: sum|matmul|scatterAdd|logSumExp|virtual\w+: hashed|foldRows: hashed)/;
  const laws = backendLaws(() => backend, { floats: ['f64'] }).filter(
    ({ name }) => kernels.test(name) || onHost.test(name),
  );
  for (const law of laws) test(law.name, law.check);

  test('counted', async () => {
    expect(ownOnReference(await backend)).toEqual(
      [
        'map',
        'reduce',
        'matmul',
        'scatterAdd',
        'logSumExp',
        'virtualRows',
        'virtualMatmul',
        'virtualFold',
        'foldRows',
      ]
        .map((name) => `wasm.${name}`)
        .sort(),
    );
  });
});
