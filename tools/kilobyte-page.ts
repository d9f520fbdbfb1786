// What training in the page of examples/kilobyte takes of a core: seconds of Chromium's renderers, and by the clock. About eight minutes.
//
//     npx tsx --conditions=@funhash/source tools/kilobyte-page.ts

import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'vite';
import { inChromium } from './chromium.ts';

const ticksPerSecond = 100;

/** Seconds of the cores that Chromium's renderers have had. */
function rendererSeconds(): number {
  let ticks = 0;
  for (const process of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      if (!readFileSync(`/proc/${process}/cmdline`, 'utf8').includes('--type=renderer')) continue;
      const fields = (readFileSync(`/proc/${process}/stat`, 'utf8').split(') ')[1] ?? '').split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended.
    }
  return ticks / ticksPerSecond;
}

const server = await createServer({
  root: new URL('../examples/kilobyte', import.meta.url).pathname,
  server: { host: '127.0.0.1', port: 0 },
  logLevel: 'error',
});
await server.listen();
try {
  await inChromium(async (page) => {
    await page.goto(`${server.resolvedUrls?.local[0]}${process.argv[2] ?? ''}`);
    const before = rendererSeconds();
    await page.click('#start');
    await page.waitForSelector('body[data-done]', { state: 'attached', timeout: 0 });
    const told = await page.textContent('#told');
    const clock = await page.getAttribute('body', 'data-done');
    console.log(`${told}; ${(rendererSeconds() - before).toFixed(0)} s of a core, ${clock} s by the clock`);
  });
} finally {
  await server.close();
}
