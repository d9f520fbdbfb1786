import { backendLaws } from '@funhash/tensor/testing';
import { afterAll, describe, test } from 'vitest';
import { createBackend } from './backend.ts';

const backend = createBackend({ mode: process.env.GPU_MODE ?? 'cpu' });
afterAll(async () => {
  console.log((await backend).counters());
  await (await backend).close();
});
describe('the contract of a backend, in mode cpu', () => {
  for (const law of backendLaws(() => backend, { floats: ['f32'] })) test(law.name, law.check);
});
