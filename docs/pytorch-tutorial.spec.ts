import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { datasets, type ImageDataset } from '@funhash/datasets';
import { afterAll, expect, test } from 'vitest';
import { run } from '../packages/cli/src/run-command.spec-kit.ts';
import { onnxOutput, onnxWeb } from '../tools/onnx-runtimes.ts';

// docs/pytorch-tutorial.md with less training, from networks that docs/pytorch-tutorial.py made: LeNet-5 of width 8 (2 epochs),
// ResNet-20 of width 4 (2 epochs).

const folder = mkdtempSync(join(tmpdir(), 'pytorch-tutorial-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const { test: digits } = (await datasets.mnist()) as ImageDataset;
const images = 8;
const pixels = Float32Array.from(digits.inputs.subarray(0, images * 784), (pixel) => pixel / 255);
const image = (k: number): Float32Array => pixels.subarray(784 * k, 784 * (k + 1));

/** Scores of all images by what `predict` gives for one. */
async function scoresOf(predict: (x: Float32Array) => ArrayLike<number> | Promise<ArrayLike<number>>) {
  const scores: number[] = [];
  for (let k = 0; k < images; k++) scores.push(...Array.from(await predict(image(k))));
  return scores;
}

const differenceOf = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, x, k) => Math.max(most, Math.abs(x - (b[k] as number))), 0);

async function byWasm(path: string) {
  const { instance } = await WebAssembly.instantiate(readFileSync(path));
  const e = instance.exports as Record<'input' | 'output', WebAssembly.Global> & {
    memory: WebAssembly.Memory;
    predict(): void;
  };
  return scoresOf((x) => {
    new Float32Array(e.memory.buffer, e.input.value, 784).set(x);
    e.predict();
    return new Float32Array(e.memory.buffer, e.output.value, 10);
  });
}

function byC(path: string): readonly number[] {
  const main = `#include <stdio.h>
int main(void) { static float x[784], y[10]; while (fread(x, 4, 784, stdin) == 784) { predict(x, y); fwrite(y, 4, 10, stdout); } return 0; }`;
  writeFileSync(at('main.c'), `${readFileSync(path, 'utf8')}${main}`);
  execFileSync('gcc', ['-std=c99', '-O1', '-o', at('main'), at('main.c'), '-lm']);
  const out = execFileSync(at('main'), { input: new Uint8Array(pixels.buffer) });
  return [...new Float32Array(out.buffer.slice(out.byteOffset, out.byteOffset + out.byteLength))];
}

const ways: Readonly<Record<string, { readonly flags: readonly string[]; readonly file: string }>> = {
  lenet5: {
    flags: ['--weight', 'hashedNet:1/16', '--store-as', 'i8', '--learning-rate', '0.02'],
    file: 'model.safetensors',
  },
  resnet20: { flags: ['--bytes', '4270'], file: 'model.fhc' },
};

test.each(Object.entries(ways))(
  '%s of PyTorch, compressed to 1/16, in four forms',
  async (name, { flags, file }) => {
    const model = at(`${name}.safetensors`);
    const onnx = fileURLToPath(new URL(`pytorch-tutorial.${name}.onnx`, import.meta.url));
    expect((await run('import', onnx, '-o', model)).code).toBe(0);
    const judged = await run('eval', model, '--data', 'mnist', '--test-count', '200', '--json');
    expect(JSON.parse(judged.lines).errorRate).toBeLessThan(0.04);
    const little = [
      '--train-count',
      '200',
      '--validation',
      '50',
      '--test-count',
      '100',
      '--epochs',
      '1',
      '--seed',
      '0',
    ];
    const asked = [
      'compress',
      model,
      ...flags,
      '--data',
      'mnist',
      ...little,
      '--threads',
      '1',
      '--out',
      at(name),
    ];
    const { code, notes } = await run(...asked);
    expect(code, notes).toBe(0);
    const { fileBytes } = JSON.parse(readFileSync(join(at(name), 'report.json'), 'utf8'));
    // A sixteenth of 62 952 and of 68 328 bytes, and what a file says of its layers.
    expect(fileBytes).toBeLessThan(name === 'lenet5' ? 4500 : 4271);
    for (const to of ['js', 'wasm', 'c', 'onnx']) {
      const asked = ['export', join(at(name), file), '--to', to, '--input', '28,28,1'];
      const { code, notes } = await run(...asked, '-o', at(`${name}.${to === 'js' ? 'mjs' : to}`));
      expect(code, notes).toBe(0);
    }
    const { predict } = await import(pathToFileURL(at(`${name}.mjs`)).href);
    const scores = await scoresOf(predict);
    const bytes = readFileSync(at(`${name}.onnx`));
    const runtime = await onnxWeb();
    const others = {
      wasm: await byWasm(at(`${name}.wasm`)),
      onnx: await scoresOf((x) => onnxOutput(runtime, bytes, x, [1, 28, 28, 1])),
      ...(spawnSync('gcc', ['--version']).status === 0 && { c: byC(at(`${name}.c`)) }),
    };
    for (const [form, found] of Object.entries(others))
      expect(differenceOf(found, scores), form).toBeLessThan(1e-3);
  },
);
