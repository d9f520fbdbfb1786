import { afterEach, expect, test, vi } from 'vitest';
import { eventLoopPauses } from './event-loop.ts';

afterEach(() => vi.unstubAllGlobals());

async function isFreedBy(pause: () => Promise<void> | undefined): Promise<boolean> {
  let ran = false;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    ran = true;
    port1.close();
  };
  port2.postMessage(null);
  for (let k = 0; k < 200 && !ran; k++) await pause();
  return ran;
}

test('other tasks run at a pause that is due, and not at others', async () => {
  expect(await isFreedBy(eventLoopPauses(0))).toBe(true);
  expect(await isFreedBy(eventLoopPauses(1e9))).toBe(false);
});

test('also where there is no setImmediate, as in browsers', async () => {
  vi.stubGlobal('setImmediate', undefined);
  expect(await isFreedBy(eventLoopPauses(0))).toBe(true);
});
