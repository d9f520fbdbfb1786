import type { GpuMode } from '@funhash/gpu';
import { schemes } from '@funhash/space';
import { describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.ts';
import { serveGpuPage } from './gpu-page.ts';
import { namesOf, schemeReports } from './gpu-schemes.ts';
import { hasHeadlessGl } from './headless-gl.ts';

const minutes = 60_000;

const failures = (reports: Record<string, Record<string, string>>): string[] =>
  Object.entries(reports).flatMap(([name, report]) =>
    Object.entries(report).flatMap(([law, said]) => (said ? [`${name}, ${law}: ${said}`] : [])),
  );

test('every scheme is checked', () => {
  const missing = Object.keys(schemes).filter(
    (scheme) => !namesOf('webgl2').some((name) => name.split(' ')[0] === scheme),
  );
  expect(missing).toEqual([]);
});

const obeyed = (mode: GpuMode): void => {
  test.each(namesOf(mode))('%s', { timeout: 5 * minutes }, async (name) => {
    const reports = await schemeReports(mode, [name]);
    expect(Object.keys(reports[name] ?? {}).length).toBeGreaterThan(3);
    expect(failures(reports)).toEqual([]);
  });
};

describe('scheme laws in mode cpu', () => obeyed('cpu'));

describe.skipIf(!hasHeadlessGl)('scheme laws in mode headlessgl', () => obeyed('headlessgl'));

// Needs Debian's chromium, or one named in CHROMIUM.
test.skipIf(!hasChromium)('scheme laws in WebGL2 in Chromium', { timeout: 15 * minutes }, async () => {
  const names = namesOf('webgl2');
  const page = await serveGpuPage();
  try {
    const reports = await page.call('schemeReports', names);
    expect(Object.keys(reports)).toEqual(names);
    expect(failures(reports)).toEqual([]);
  } finally {
    await page.close();
  }
});
