import type { GpuMode } from '@funhash/gpu';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.ts';
import { comparedMaps, mappedFamilies, refusals } from './gpu-maps.ts';
import { serveGpuPage } from './gpu-page.ts';
import { hasHeadlessGl } from './headless-gl.ts';

const minutes = 60_000;

interface Maps {
  readonly comparedMaps: (family: (typeof mappedFamilies)[number]) => ReturnType<typeof comparedMaps>;
  readonly refusals: () => ReturnType<typeof refusals>;
}

const agree = ({ comparedMaps, refusals }: Maps): void => {
  test.each(mappedFamilies)(
    'indices and signs of %s, bit for bit',
    { timeout: 2 * minutes },
    async (family) => {
      const { pairs, wrong } = await comparedMaps(family);
      expect(wrong).toEqual([]);
      expect(pairs).toBeGreaterThan(family === 'xxHash32' ? 2e6 : 5e5);
    },
  );

  test('what f32 cannot number is refused', { timeout: minutes }, async () => {
    const found = await refusals();
    expect(Object.keys(found)).toEqual(['row', 'rows', 'columns', 'values']);
    for (const message of Object.values(found))
      expect(message).toMatch(/^true: BackendError.*at most|up to/s);
  });
};

const here = (mode: GpuMode): Maps => ({
  comparedMaps: (family) => comparedMaps(mode, family),
  refusals: () => refusals(mode),
});

describe('mode cpu', () => agree(here('cpu')));

describe.skipIf(!hasHeadlessGl)('mode headlessgl', () => agree(here('headlessgl')));

// Needs Debian's chromium, or one named in CHROMIUM.
describe.skipIf(!hasChromium)('WebGL2 in Chromium', () => {
  let page: Awaited<ReturnType<typeof serveGpuPage>>;
  beforeAll(async () => {
    page = await serveGpuPage();
  });
  afterAll(() => page.close());

  agree({
    comparedMaps: (family) => page.call('comparedMaps', family),
    refusals: () => page.call('refusals'),
  });
});
