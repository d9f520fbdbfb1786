import { expect, test } from 'vitest';
import { RunView } from '../packages/cli/src/watch/run-view.ts';
import { openWatch } from '../packages/cli/src/watch/watch-server.ts';
import { hasChromium, inChromium } from './chromium.ts';

const total = {
  ...{ name: 'total', kind: '', shape: [], virtualCount: 8, storedCount: 4 },
  ...{ storedBytes: 16, bitsPerWeight: 16, ratio: 0.5, notes: [] },
};

// Needs Debian's chromium, or one named in CHROMIUM.
test.skipIf(!hasChromium)(
  'a page draws a run as it goes on, leaves alone what did not change, and stays at the end',
  async () => {
    const page = new RunView({ title: 'a net', isOfNumbers: () => false });
    const watch = await openWatch();
    const show = () => watch.show(() => page.view());
    const step = (number: number) =>
      page.take({ type: 'step', epoch: 1, step: number, loss: 1 / number, learningRate: 0.1 });
    try {
      await inChromium(async (tab) => {
        await tab.goto(watch.url);
        page.take({
          type: 'start',
          ...{ hash: '0'.repeat(16), folder: null, backend: 'wasm' },
          data: { name: 'mnist', train: 10, validation: 5, test: 5 },
          net: { summary: { rows: [total], total }, storedCount: 4 },
          ...{ epoch: 0, step: 0, epochs: 2, steps: 8 },
        });
        for (const each of [1, 2]) step(each);
        show();
        await tab.waitForSelector('.chart canvas');
        expect(await tab.locator('h2').allTextContents()).toEqual(['Progress', 'Steps', 'Sizes']);
        expect(await tab.getAttribute('.track', 'aria-valuenow')).toBe('25.0');
        await tab.evaluate("document.querySelector('[data-name=Sizes]').mine = true");

        for (const each of [3, 4]) step(each);
        const validation = { loss: 0.4, errorRate: 0.25 };
        page.take({ type: 'epoch', epoch: 1, step: 4, loss: 0.5, learningRate: 0.1, seconds: 1, validation });
        show();
        await tab.waitForSelector('[data-name="Learning curves"] canvas');
        const titles = ['Progress', 'Steps', 'Learning curves', 'Sizes'];
        expect(await tab.locator('h2').allTextContents()).toEqual(titles);
        expect(await tab.textContent('.facts')).toMatch(/epoch1 of 2step4 of 8.*25\.00 % after epoch 1/);
        expect(await tab.evaluate("document.querySelector('[data-name=Sizes]').mine")).toBe(true);

        await watch.close('It is done.');
        await tab.waitForSelector('body[data-state=ended]');
        expect(await tab.textContent('#status')).toBe('It is done.');
        expect(await tab.locator('h2').allTextContents()).toEqual(titles);
      });
    } finally {
      await watch.close('');
    }
  },
);
