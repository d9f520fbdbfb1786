import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@funhash/codec';
import { random } from '@funhash/hashing';
import { afterAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'pack-'));
afterAll(() => rmSync(folder, { recursive: true }));

const draw = random(1);
const weights = Float32Array.from({ length: 4000 }, () => draw.normal());
const path = join(folder, 'net.safetensors');
writeFileSync(
  path,
  encodeSafetensors({
    'fc.weight': { dtype: 'F32', shape: [40, 100], data: weights },
    'fc.steps': { dtype: 'I32', shape: [1], data: Int32Array.of(9) },
  }),
);

test('weights are packed and unpacked at a stated quality', async () => {
  const packed = join(folder, 'net.fhp');
  const { code, lines } = await run('pack', path, '--quality', '18', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(lines)).toMatchObject({ path: packed, bytes: readFileSync(packed).length });
  expect(readFileSync(packed).length).toBeLessThan(4000 * 0.42);
  const out = join(folder, 'back.safetensors');
  expect((await run('unpack', packed, '--out', out)).code).toBe(0);
  const { tensors } = decodeSafetensors(readFileSync(out));
  const found = tensors.get('fc.weight')?.data as Float32Array;
  const noise = weights.reduce((sum, x, i) => sum + (x - (found[i] as number)) ** 2, 0);
  expect(10 * Math.log10(weights.reduce((sum, x) => sum + x * x, 0) / noise)).toBeCloseTo(18, 0);
  expect(tensors.get('fc.steps')?.data).toEqual(Int32Array.of(9));
});

test.each([
  ['another quality', ['pack', path, '--quality', 'x'], 'decibels'],
  ['no file', ['pack', join(folder, 'none.safetensors')], 'none.safetensors'],
  ['its own file', ['pack', path, '--out', path], 'another file'],
  ['what is no pack', ['unpack', path, '--out', join(folder, 'x')], 'a whole pack'],
])('%s is refused', async (_, args, message) => {
  const { code, notes } = await run(...args);
  expect(code).not.toBe(0);
  expect(notes).toContain(message);
});
