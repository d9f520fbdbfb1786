import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scope, type Tensor, tensor } from '@funhash/tensor';
import { type NumberArray, transposed } from './array.ts';
import { importOnnx } from './import-onnx.ts';
import { decodeTensor } from './onnx/decode-tensor.ts';
import { readOnnx, readOnnxTensor } from './onnx/read-onnx.ts';
import type { ImportedPort } from './onnx-file.ts';

/** Debian's `libonnx-testdata`: the test models of ONNX 1.12 with their inputs and outputs. */
const testdata = '/usr/share/libonnx-testdata/data';

export const hasTestdata = existsSync(testdata);

export interface TestModel {
  readonly name: string;
  readonly folder: string;
}

export function testModels(): TestModel[] {
  return ['node', 'pytorch-converted', 'pytorch-operator', 'simple'].flatMap((room) =>
    readdirSync(join(testdata, room))
      .filter((name) => existsSync(join(testdata, room, name, 'model.onnx')))
      .sort()
      .map((name) => ({ name: `${room}/${name}`, folder: join(testdata, room, name) })),
  );
}

const tensorIn = (path: string): NumberArray => decodeTensor(readOnnxTensor(readFileSync(path)));

/** The ops of a model. */
export const opsOf = (bytes: Uint8Array): string[] => [
  ...new Set(readOnnx(bytes).graph.nodes.map(({ op }) => op)),
];

const asTensor = ({ data, shape }: NumberArray): Tensor => tensor(Float32Array.from(data), shape);

const asValue = (array: NumberArray): Tensor =>
  array.kind === 'int' ? tensor(Int32Array.from(array.data), array.shape) : asTensor(array);

/** Elements of a tensor in the axes of the file. */
export function inFileOrder(y: Tensor, { order }: Pick<ImportedPort, 'order'>): NumberArray {
  const back = order.map((_, axis) => order.indexOf(axis));
  return transposed({ kind: 'float', shape: y.shape, data: Float64Array.from(y.dataSync()) }, back);
}

/** The output of an imported model for an input in the axes of the file. */
export function outputOf(
  bytes: Uint8Array,
  x: NumberArray,
  options: Parameters<typeof importOnnx>[1],
): NumberArray {
  const { network, input, output } = importOnnx(bytes, options);
  let result: NumberArray | undefined;
  scope(() => {
    result = inFileOrder(network.forward(asTensor(transposed(x, input.order))), output);
  });
  return result as NumberArray;
}

/** The greatest difference as a share of the greatest expected number, or of 1; throws for other shapes. */
export function distance(actual: NumberArray, expected: NumberArray): number {
  if (`${actual.shape}` !== `${expected.shape}`)
    throw new Error(`a shape [${actual.shape}] instead of [${expected.shape}]`);
  let [gap, most] = [0, 1];
  for (let at = 0; at < expected.data.length; at++) {
    const [a, b] = [actual.data[at] as number, expected.data[at] as number];
    if (Object.is(a, b) || a === b) continue;
    gap = Math.max(gap, Number.isNaN(a - b) ? Number.POSITIVE_INFINITY : Math.abs(a - b));
    if (Number.isFinite(b)) most = Math.max(most, Math.abs(b));
  }
  return gap / most;
}

/** The greatest difference of a test model over its data sets and outputs, from what its files hold. */
export function judged({ folder }: TestModel): number {
  const bytes = readFileSync(join(folder, 'model.onnx'));
  const { graph } = readOnnx(bytes);
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const names = graph.inputs.map(({ name }) => name).filter((name) => !weights.has(name));
  let worst = 0;
  for (const set of readdirSync(folder).filter((name) => name.startsWith('test_data_set'))) {
    const arrays = names.map((_, k) => tensorIn(join(folder, set, `input_${k}.pb`)));
    const [x, ...others] = arrays;
    const values = Object.fromEntries(others.map((array, k) => [names[k + 1] as string, asValue(array)]));
    graph.outputs.forEach(({ name }, k) => {
      const expected = tensorIn(join(folder, set, `output_${k}.pb`));
      const shapes = { [names[0] as string]: (x as NumberArray).shape };
      const actual = outputOf(bytes, x as NumberArray, {
        input: names[0] as string,
        output: name,
        values,
        shapes,
      });
      worst = Math.max(worst, distance(actual, expected));
    });
  }
  return worst;
}
