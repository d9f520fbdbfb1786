import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const index = new URL('./index.ts', import.meta.url).href;
const script = `
  const { Dense, tensor, useBackend } = await import(${JSON.stringify(index)});
  const layer = new Dense({ in: 2, out: 3 });
  const first = layer.forward(tensor([[1, 2]])).backend.name;
  await useBackend('wasm');
  console.log(first, tensor([1]).backend.name);`;

test.each([
  { conditions: [], backends: 'wasm wasm' },
  { conditions: ['--conditions=funhash-reference'], backends: 'reference wasm' },
])('networks start and go on on $backends under $conditions', async ({ conditions, backends }) => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--conditions=@funhash/source',
      ...conditions,
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      script,
    ],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), timeout: 60_000 },
  );
  expect(stdout.trim()).toBe(backends);
});
