import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.ts';
import { serveGpuPage } from './gpu-page.ts';

// Needs Debian's chromium, or one named in CHROMIUM.
describe.skipIf(!hasChromium)('the contract of a backend in WebGL2', () => {
  let page: Awaited<ReturnType<typeof serveGpuPage>>;
  beforeAll(async () => {
    page = await serveGpuPage();
  });
  afterAll(() => page.close());

  // In parts, so that one that fails or hangs is told.
  test.each([
    '(map|reduce|argMax|logSumExp)',
    '(virtual|fold)',
    '(?!map|reduce|argMax|logSumExp|virtual|fold)',
  ])('laws ^%s', { timeout: 600_000 }, async (names) => {
    expect(await page.call('failedLaws', names)).toEqual({});
  });
});
