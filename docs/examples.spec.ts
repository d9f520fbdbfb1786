import { expect, test, vi } from 'vitest';

/** What a program prints. */
async function outputOf(run: () => Promise<unknown>): Promise<unknown[][]> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await run();
    return log.mock.calls;
  } finally {
    log.mockRestore();
  }
}

test('examples/xor-node answers XOR', async () => {
  const output = await outputOf(() => import('../examples/xor-node/main.ts'));
  expect(output.at(-1)).toEqual(['answers', [0, 1, 1, 0]]);
});

test('examples/custom-scheme: the laws hold, it learns, and its file is loaded', async () => {
  const output = await outputOf(() => import('../examples/custom-scheme/main.ts'));
  expect(output.filter(([line]) => String(line).startsWith('law ')).length).toBeGreaterThan(10);
  expect(output.at(-2)?.[0]).toMatchObject({ accuracy: 1 });
  const [, saved, , loaded] = output.at(-1) ?? [];
  expect(loaded).toEqual(saved);
});
