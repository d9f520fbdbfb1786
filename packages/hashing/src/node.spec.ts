import { afterEach, expect, test, vi } from 'vitest';
import { NodeOnlyError, nodeModule } from './node.ts';

afterEach(() => vi.unstubAllGlobals());

test('a module of Node is that which an import gives', async () => {
  expect(nodeModule('node:fs/promises').open).toBe((await import('node:fs/promises')).open);
});

test('elsewhere the error names the module and what to give instead', () => {
  vi.stubGlobal('process', undefined);
  expect(() => nodeModule('node:fs/promises')).toThrow(NodeOnlyError);
  expect(() => nodeModule('node:fs/promises')).toThrow(/node:fs\/promises.*a page\. Give bytes/);
});
