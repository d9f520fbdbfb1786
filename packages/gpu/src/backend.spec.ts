import { expect, test } from 'vitest';
import { createBackend } from './backend.ts';
import { testDevice, testLaws } from './laws-on-device.spec-kit.ts';

testLaws({ mode: 'cpu' }, /./, testDevice);

test('an unknown mode is refused', () =>
  expect(createBackend({ mode: 'vulkan' as never })).rejects.toThrow(/webgl2, headlessgl, cpu/));
