import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Chromium is: named in CHROMIUM, or where Debian puts it. */
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const hasChromium = existsSync(chromiumPath);

/** Runs `use` on an empty page; errors that the page throws meanwhile, unhandled, are thrown here. */
export async function inChromium<T>(use: (page: Page) => Promise<T>): Promise<T> {
  const browser: Browser = await chromium.launch({ executablePath: chromiumPath, args: flags });
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
