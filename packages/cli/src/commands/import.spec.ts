import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dense, Embedding, LayerNorm, load, Sequential, tensor } from '@funhash/layers';
import { afterAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'import-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../import/src/${name}.fixtures.json`, import.meta.url), 'utf8'));
const written = (name: string, text: string): string => {
  writeFileSync(at(name), Buffer.from(text, 'base64'));
  return at(name);
};

test('an ONNX file becomes a model file', async () => {
  const path = written('lenet.onnx', fixture('pytorch-exports').lenet5.free);
  const { code, lines, notes } = await run('import', path, '-o', at('lenet.safetensors'));
  expect([code, notes]).toEqual([0, '']);
  expect(lines).toContain('input x [batch, 20, 20, 1], axes 0 2 3 1 of the file');
  const net = await load(at('lenet.safetensors'));
  expect(net.signature).toEqual({ input: [20, 20, 1] });
  // Rows of numbers, as data sets have them, and images.
  const pixels = Float32Array.from({ length: 400 }, (_, k) => Math.sin(k));
  const [rows, image] = [
    [1, 400],
    [1, 20, 20, 1],
  ].map((shape) => net.forward(tensor(pixels, shape)).toArray());
  expect(rows).toEqual(image);
});

test.each(['pt', 'safetensors'])('weights (.%s) go into a network', async (format) => {
  const path = written(`weights.${format}`, fixture('weights/pytorch-weights').nets.parts[format]);
  const net = new Sequential([new Embedding({ in: 7, out: 6 }), new LayerNorm({ channels: 6 })]);
  await net.save(at('net.safetensors'));
  const { code, lines, notes } = await run(
    'import',
    path,
    '--into',
    at('net.safetensors'),
    '-o',
    at('out.safetensors'),
  );
  expect([code, notes]).toEqual([0, '']);
  expect(lines).toContain('0 from table');
});

test('what cannot be imported is refused, and nothing is written', async () => {
  const path = written('weights.pt', fixture('weights/pytorch-weights').nets.parts.pt);
  const none = await run('import', path, '-o', at('none.safetensors'));
  expect(none.code).not.toBe(0);
  expect(none.notes).toContain('--into');
  await new Dense({ in: 2, out: 2 }).save(at('dense.safetensors'));
  const other = await run('import', path, '--into', at('dense.safetensors'), '-o', at('none.safetensors'));
  expect(other.notes).toContain('tensors of no layer');
  const text = await run('import', written('note.txt', ''), '-o', at('none.safetensors'));
  expect(text.notes).toContain('.onnx');
  expect(() => readFileSync(at('none.safetensors'))).toThrow();
});
