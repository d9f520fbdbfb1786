import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dense, hashedNet, load, Sequential } from '@funhash/layers';
import { tensor } from '@funhash/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'update-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const [base, tuned, update] = [at('base.safetensors'), at('tuned.safetensors'), at('tuned.fhu')];

beforeAll(async () => {
  const net = new Sequential(
    [new Dense({ in: 20, out: 30, weight: hashedNet({ ratio: 1 / 4 }) }), new Dense({ in: 30, out: 2 })],
    { seed: 1 },
  );
  await net.save(base, { compress: true });
  const [first] = net.parameters();
  const { value } = first as NonNullable<typeof first>;
  first?.assign(
    tensor(value.dataSync().map((x, i) => (i % 10 === 0 ? x + 1 : x)) as Float32Array, value.shape),
  );
  await net.save(tuned);
});

test('an update is encoded, looked at, and applied to the base', async () => {
  const encoded = await run('update', 'encode', base, tuned, '--step', '0.25', '--json');
  expect(encoded.notes).toBe('');
  expect(JSON.parse(encoded.lines)).toMatchObject({
    path: update,
    bytes: readFileSync(update).length,
    changed: 15,
  });
  expect(readFileSync(update).length).toBeLessThan(80);
  const seen = await run('update', 'inspect', update, '--base', base);
  expect(seen.lines).toContain('step 0.25 of the root mean square of each tensor, uniform quantisation');
  expect(seen.lines).toContain('15 of 242 values change');
  expect((await run('update', 'inspect', update)).lines).not.toContain('change');
  const out = at('back.safetensors');
  expect((await run('update', 'apply', base, update, '--out', out)).code).toBe(0);
  const [wanted, found] = await Promise.all([load(tuned), load(out)]);
  for (const [k, { value }] of found.parameters().entries())
    for (const [i, x] of value.dataSync().entries())
      expect(Math.abs(x - (wanted.parameters()[k]?.value.dataSync()[i] as number))).toBeLessThan(0.1);
});

test.each([
  ['another base', ['update', 'apply', tuned, update, '-o', at('x')], 'the base with fingerprint'],
  ['what is no update', ['update', 'inspect', base], 'an update, version 1'],
  ['no file', ['update', 'encode', at('none'), tuned], 'none'],
  ['the file of the base', ['update', 'apply', base, update, '-o', base], 'another file'],
  ['a step of 0', ['update', 'encode', base, tuned, '--step', '0'], 'above 0'],
  ['an unknown flag', ['update', 'encode', base, tuned, '--stepp', '1'], '--step'],
])('%s is refused', async (_, args, message) => {
  writeFileSync(at('x'), 'kept');
  const { code, notes } = await run(...args);
  expect(code).toBe(2);
  expect(notes).toContain(message);
  expect(readFileSync(at('x'), 'utf8')).toBe('kept');
});
