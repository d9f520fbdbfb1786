import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { datasets, type ImageDataset } from '@funhash/datasets';
import { type ExportedC, toC, toJavaScript, toOnnx, toWasm } from '@funhash/export';
import { load, scope, tensor, useBackend } from '@funhash/layers';
import { onnxNode, onnxWeb } from './onnx-runtimes.ts';

// Exports a classifier of MNIST in all forms, runs each file on all 10 000 test images, and times them in turns with the library:
//   npx tsx --conditions=@funhash/source tools/exported-files.ts model.safetensors
// Sizes of C for chips are told where arm-none-eabi-gcc is there, its errors where gcc is.

interface WasmExports {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global<'i32'>;
  readonly output: WebAssembly.Global<'i32'>;
  predict(): void;
}

type Predict = (image: Float32Array) => ArrayLike<number> | Promise<ArrayLike<number>>;

const [, , path] = argv;
if (path === undefined) throw new Error('Give a model file.');
await useBackend('wasm');
const net = await load(path);
const { train, test } = (await datasets.mnist()) as ImageDataset;
const pixels = 784;
const input = [28, 28, 1];
const imageOf = (k: number): Float32Array =>
  Float32Array.from(test.inputs.subarray(k * pixels, (k + 1) * pixels), (pixel) => pixel / 255);

const runtimes = { web: await onnxWeb(), node: await onnxNode() };

const folder = mkdtempSync(join(tmpdir(), 'exported-files-'));
const bestOf = (values: ArrayLike<number>): number => {
  let best = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] as number) > (values[best] as number)) best = k;
  return best;
};
const wrongOf = (rows: ArrayLike<number>): number =>
  test.labels.reduce(
    (wrong: number, label, k) =>
      wrong + Number(bestOf(Array.from({ length: 10 }, (_, c) => rows[10 * k + c] as number)) !== label),
    0,
  );

try {
  const library: Predict = (image) => scope(() => net.forward(tensor(image, [1, ...input])).dataSync());
  const predictors: Record<string, Predict> = { library };
  for (const code of ['fast', 'small'] as const) {
    const { script } = await toJavaScript(net, { input, code });
    const file = join(folder, `${code}.mjs`);
    writeFileSync(file, script);
    predictors[`js ${code}`] = (await import(pathToFileURL(file).href)).predict;
    told(`js ${code}`, new TextEncoder().encode(script));
    const { bytes } = await toWasm(net, { input, code });
    told(`wasm ${code}`, bytes);
    const { instance } = await WebAssembly.instantiate(bytes);
    const { memory, input: from, output, predict } = instance.exports as unknown as WasmExports;
    const x = new Float32Array(memory.buffer, from.value, pixels);
    const y = new Float32Array(memory.buffer, output.value, 10);
    predictors[`wasm ${code}`] = (image) => {
      x.set(image);
      predict();
      return y;
    };
  }
  for (const weights of ['decoded', 'dense'] as const) {
    const { bytes } = await toOnnx(net, { input, weights });
    told(`onnx ${weights}`, bytes);
    for (const [platform, runtime] of Object.entries(runtimes)) {
      if (!runtime) continue;
      const { Tensor } = runtime;
      const session = await runtime.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
      predictors[`onnx ${weights}, ${platform}`] = async (image) =>
        (await session.run({ x: new Tensor('float32', image, [1, ...input]) })).y?.data ?? [];
    }
  }
  const samples = Float32Array.from(train.inputs.subarray(0, 100 * pixels), (pixel) => pixel / 255);
  for (const numbers of ['f32', 'integer'] as const)
    for (const values of ['packed', 'coded'] as const) {
      const made = await toC(net, { input, values, code: 'small', numbers, samples });
      console.log(
        `c ${numbers} ${values}: ${made.constantBytes} bytes of values, ${made.ramBytes} bytes of memory`,
      );
      onChips(made);
      byGcc(made);
    }
  for (const [name, predict] of Object.entries(predictors)) {
    let wrong = 0;
    for (let k = 0; k < test.labels.length; k++)
      if (bestOf(await predict(imageOf(k))) !== test.labels[k]) wrong++;
    console.log(`${name}: ${(wrong / 100).toFixed(2)} % wrong`);
  }
  const best = new Map<string, number>();
  const image = imageOf(0);
  for (let round = 0; round < 30; round++)
    for (const [name, predict] of Object.entries(predictors)) {
      const start = performance.now();
      for (let k = 0; k < 50; k++) await predict(image);
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, (performance.now() - start) / 50));
    }
  for (const [name, ms] of best)
    console.log(
      `${name}: ${ms.toFixed(3)} ms, ${(ms / (best.get('library') as number)).toFixed(2)} of the library's`,
    );
} finally {
  rmSync(folder, { recursive: true });
}

function told(name: string, bytes: Uint8Array): void {
  console.log(`${name}: ${bytes.length} bytes, gzip ${gzipSync(bytes, { level: 9 }).length}`);
}

/** Bytes of flash and memory, and the stack of `predict`, on two chips. */
function onChips({ source }: ExportedC): void {
  if (spawnSync('arm-none-eabi-gcc', ['--version']).status !== 0) return;
  const file = join(folder, 'chip.c');
  writeFileSync(file, source);
  const chips = {
    'Cortex-M4F': ['-mcpu=cortex-m4', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16'],
    'Cortex-M0+': ['-mcpu=cortex-m0plus', '-mthumb'],
  };
  for (const [chip, flags] of Object.entries(chips)) {
    const made = [
      '-Os',
      '-std=c99',
      '-ffreestanding',
      '-fstack-usage',
      '-c',
      ...flags,
      '-o',
      join(folder, 'chip.o'),
    ];
    execFileSync('arm-none-eabi-gcc', [...made, file], { cwd: folder });
    const lines = execFileSync('arm-none-eabi-size', [join(folder, 'chip.o')], { encoding: 'utf8' }).split(
      '\n',
    );
    const [flash = 0, data = 0, bss = 0] = (lines[1] ?? '').trim().split(/\s+/).map(Number);
    const stack = /:predict\t(\d+)/.exec(readFileSync(join(folder, 'chip.su'), 'utf8'))?.[1];
    const whole = [
      ...flags,
      '-Os',
      '-std=c99',
      '-nostdlib',
      '-ffreestanding',
      '-Wl,--entry=predict,--gc-sections',
    ];
    execFileSync(
      'arm-none-eabi-gcc',
      [...whole, '-ffunction-sections', '-o', join(folder, 'chip.elf'), file, '-lgcc'],
      {
        stdio: 'pipe',
      },
    );
    const linked = execFileSync('arm-none-eabi-size', [join(folder, 'chip.elf')], { encoding: 'utf8' });
    const [all = 0] = (linked.split('\n')[1] ?? '').trim().split(/\s+/).map(Number);
    console.log(
      `  ${chip}: flash ${flash + data}, with the compiler's library ${all + data}, RAM ${data + bss}, stack of predict ${stack} bytes`,
    );
  }
}

/** Wrong answers of C as gcc compiles it, and the time of a prediction. */
function byGcc({ source, header, inputStep, outputStep }: ExportedC): void {
  if (spawnSync('gcc', ['--version']).status !== 0) return;
  const type = header.includes('int16_t') ? 'int16_t' : 'float';
  const main = `#include <stdio.h>
int main(void) { static float f[${pixels}]; static ${type} x[${pixels}], y[10]; while (fread(f, 4, ${pixels}, stdin) == ${pixels}) {
for (int k = 0; k < ${pixels}; k++) x[k] = (${type})(f[k] * ${1 / inputStep} + ${type === 'float' ? 0 : 0.5});
predict(x, y); for (int k = 0; k < 10; k++) { const float s = (float)(y[k] * ${outputStep}); fwrite(&s, 4, 1, stdout); } } return 0; }`;
  writeFileSync(join(folder, 'gcc.c'), `${source}${main}`);
  execFileSync('gcc', ['-std=c99', '-Os', '-o', join(folder, 'gcc'), join(folder, 'gcc.c'), '-lm']);
  const images = Float32Array.from(test.inputs, (pixel) => pixel / 255);
  const start = performance.now();
  const out = execFileSync(join(folder, 'gcc'), { input: new Uint8Array(images.buffer), maxBuffer: 2 ** 24 });
  const ms = (performance.now() - start) / test.labels.length;
  const rows = new Float32Array(out.buffer.slice(out.byteOffset, out.byteOffset + out.byteLength));
  console.log(`  gcc -Os: ${(wrongOf(rows) / 100).toFixed(2)} % wrong, ${ms.toFixed(3)} ms`);
}
