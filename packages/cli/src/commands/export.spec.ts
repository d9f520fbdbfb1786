import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Dense, hashedNet, Sequential, tensor } from '@funhash/layers';
import { afterAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'export-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

async function saved(): Promise<Sequential> {
  const net = new Sequential([
    new Dense({ in: 6, out: 9, activation: 'relu', weight: hashedNet({ ratio: 1 / 3 }), seed: 1 }),
    new Dense({ in: 9, out: 2, seed: 2 }),
  ]);
  net.signature = { input: [6] };
  await net.save(at('net.safetensors'));
  return net;
}

test('a model becomes a module that Node runs, and its summary has sizes and a time', async () => {
  const net = await saved();
  const { code, lines, notes } = await run(
    'export',
    at('net.safetensors'),
    '--to',
    'js',
    '-o',
    at('net.mjs'),
  );
  expect([code, notes]).toEqual([0, '']);
  expect(lines).toMatch(
    /net\.mjs: [\d ]+ bytes, gzip [\d ]+, brotli [\d ]+\n6 numbers in, 2 out, [\d.e-]+ ms a prediction/,
  );
  const { predict } = await import(pathToFileURL(at('net.mjs')).href);
  const input = [1, -2, 3, 0.5, 0, 4];
  const expected = net.forward(tensor([input])).dataSync();
  expect(
    [...predict(input)].map((y: number, k: number) => Math.abs(y - (expected[k] as number)) < 1e-5),
  ).toEqual([true, true]);
  expect(readFileSync(at('net.d.ts'), 'utf8')).toContain('export declare function predict');
});

test('a small file of coded values is told of; ONNX has neither', async () => {
  await saved();
  const asked = ['export', at('net.safetensors'), '--values', 'coded', '--code', 'small', '--store-as', 'i3'];
  const sizes = await Promise.all(
    ['js', 'wasm', 'c'].map(async (to) => (await run(...asked, '--to', to, '-o', at(`small.${to}`))).code),
  );
  expect(sizes).toEqual([0, 0, 0]);
  expect((await run(...asked, '--to', 'onnx')).notes).toContain('--values');
});

test('a module has a script beside it that gives the same, for pages that forbid WebAssembly', async () => {
  const net = await saved();
  const { code, lines } = await run('export', at('net.safetensors'), '--to', 'wasm', '-o', at('both.wasm'));
  expect(code).toBe(0);
  expect(lines).toMatch(/forbids WebAssembly: a script of [\d ]+ bytes, gzip [\d ]+\nbeside it: .*both\.js/);
  const { predict } = await import(
    `data:text/javascript,${encodeURIComponent(readFileSync(at('both.js'), 'utf8'))}`
  );
  const { instance } = await WebAssembly.instantiate(readFileSync(at('both.wasm')));
  const e = instance.exports as Record<'input' | 'output', WebAssembly.Global> & {
    memory: WebAssembly.Memory;
    predict(): void;
  };
  const input = [1, -2, 3, 0.5, 0, 4];
  new Float32Array(e.memory.buffer, e.input.value, 6).set(input);
  e.predict();
  const expected = net.forward(tensor([input])).dataSync();
  for (const found of [predict(input), new Float32Array(e.memory.buffer, e.output.value, 2)])
    expected.forEach((y, k) => {
      expect(found[k]).toBeCloseTo(y, 5);
    });
  expect((await run('export', at('net.safetensors'), '--to', 'wasm', '-o', at('one.js'))).notes).toContain(
    '.wasm',
  );
});

test('ONNX is written for any number of inputs, and decodes block by block; code has a number', async () => {
  await saved();
  const asked = ['export', at('net.safetensors'), '--batch', 'any'];
  const { code } = await run(...asked, '--to', 'onnx', '--memory', 'scan', '-o', at('net.onnx'));
  expect(code).toBe(0);
  const text = readFileSync(at('net.onnx'), 'latin1');
  expect([text.includes('batch'), text.includes('Scan')]).toEqual([true, true]);
  expect((await run(...asked, '--to', 'js')).notes).toContain('onnx');
  expect((await run('export', at('net.safetensors'), '--to', 'c', '--memory', 'scan')).notes).toContain(
    'onnx',
  );
});

test('C takes whole numbers, of ranges that samples show', async () => {
  await saved();
  writeFileSync(at('samples.json'), '[[1, 0.5, 0, 0.25, 0, 1], [0, 1, 0.75, 0, 1, 0.5]]');
  const asked = ['export', at('net.safetensors'), '--numbers', 'integer', '--store-as', 'i8'];
  const { code, lines, notes } = await run(
    ...asked,
    '--to',
    'c',
    '--samples',
    at('samples.json'),
    '-o',
    at('whole.c'),
  );
  expect([code, notes]).toEqual([0, '']);
  expect(lines).toContain('a one of x is worth 0.00006103515625');
  expect(readFileSync(at('whole.h'), 'utf8')).toContain('int16_t *y');
  expect((await run(...asked, '--to', 'c')).notes).toContain('samples');
  expect((await run(...asked, '--to', 'js')).notes).toContain('--numbers');
});

test('what cannot be exported is refused, and nothing is written', async () => {
  await saved();
  const before = readdirSync(folder);
  expect((await run('export', at('net.safetensors'), '--to', 'js', '--input', '7')).code).not.toBe(0);
  expect((await run('export', at('net.safetensors'), '--to', 'basic')).notes).toContain('js');
  const over = await run('export', at('net.safetensors'), '--to', 'js', '-o', at('net.safetensors'));
  expect(over.notes).toContain('another file');
  expect(readdirSync(folder)).toEqual(before);
});
