import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** WebGL2 on Mesa's software renderer, which needs no display here. */
const withWebGl = ['--use-gl=angle', '--use-angle=gl-egl', '--ignore-gpu-blocklist'];

/** Where Chromium is: named in CHROMIUM, or where Debian puts it. */
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const hasChromium = existsSync(chromiumPath);

/** Runs `use` on an empty page; errors that the page throws meanwhile, unhandled, are thrown here. */
export async function inChromium<T>(
  use: (page: Page) => Promise<T>,
  { webGl = false }: { readonly webGl?: boolean } = {},
): Promise<T> {
  const args = [...flags, ...(webGl ? withWebGl : ['--disable-gpu'])];
  const browser: Browser = await chromium.launch({ executablePath: chromiumPath, args });
  try {
    const page = await browser.newPage();
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    const result = await use(page).catch((error: unknown) => {
      throw errors[0] ?? error;
    });
    if (errors[0]) throw errors[0];
    return result;
  } finally {
    await browser.close();
  }
}
