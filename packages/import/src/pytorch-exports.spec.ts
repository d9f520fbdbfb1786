import { readFileSync } from 'node:fs';
import { foldBatchNorm, load, type Module, Sequential, tensor } from '@funhash/layers';
import { describe, expect, test } from 'vitest';
import type { NumberArray } from './array.ts';
import { transposed } from './array.ts';
import { importOnnx } from './import-onnx.ts';
import type { ImportedNetwork } from './onnx-file.ts';
import { distance, inFileOrder, outputOf } from './onnx-testdata.spec-kit.ts';

interface Case {
  readonly fixed: string;
  readonly free: string;
  readonly x: { readonly shape: number[]; readonly data: number[] };
  readonly y: { readonly shape: number[]; readonly data: number[] };
}

const cases: Readonly<Record<string, Case>> = JSON.parse(
  readFileSync(new URL('./pytorch-exports.fixtures.json', import.meta.url), 'utf8'),
);
const arrayOf = ({ shape, data }: Case['x']): NumberArray => ({
  kind: 'float',
  shape,
  data: Float32Array.from(data),
});
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const caseOf = (name: string): Case => cases[name] as Case;
const imported = (name: string): ImportedNetwork => importOnnx(bytesOf(caseOf(name).free));

describe.each(Object.entries(cases))('%s of PyTorch', (_, { fixed, free, x, y }) => {
  test.each([
    ['free', free],
    // The file says a batch of 2, here it is 3.
    ['fixed', fixed],
  ])('a %s batch: outputs are those of PyTorch', (_, text) => {
    expect(distance(outputOf(bytesOf(text), arrayOf(x), {}), arrayOf(y))).toBeLessThan(2e-6);
  });

  test('saved and loaded, it is the same network', async () => {
    const { network, input, output } = importOnnx(bytesOf(free));
    const loaded = await load(await network.toBytes());
    const { data, shape } = transposed(arrayOf(x), input.order);
    const result = inFileOrder(loaded.forward(tensor(data, shape)), output);
    expect(distance(result, arrayOf(y))).toBeLessThan(2e-6);
  });
});

const typesOf = (network: Module): string[] =>
  [...network.members.values()].map((member) => (member.constructor as unknown as { type: string }).type);

test('a chain is a Sequential, with activations and biases as those of its layers', () => {
  const { network, input, output } = imported('lenet5');
  expect(network).toBeInstanceOf(Sequential);
  expect(typesOf(network)).toEqual([
    'conv2d',
    'maxPool2d',
    'conv2d',
    'maxPool2d',
    'flatten',
    'dense',
    'dense',
  ]);
  expect(network.signature).toEqual({ input: [20, 20, 1] });
  expect(input).toEqual({ name: 'x', shape: ['batch', 20, 20, 1], order: [0, 2, 3, 1] });
  expect(output).toEqual({ name: 'y', shape: ['batch', 5], order: [0, 1] });
});

test('nine nodes are one LayerNorm, and rows of a matrix an Embedding', () => {
  const { network } = imported('words');
  expect(typesOf(network)).toEqual(expect.arrayContaining(['embedding', 'layerNorm', 'dense']));
  expect(network.signature).toEqual({ input: [7], dtype: 'i32' });
});

test('batch normalisation of a chain can be folded', () => {
  const { network } = imported('flat');
  const { x, y } = caseOf('flat');
  const folded = foldBatchNorm(network);
  const { data, shape } = transposed(arrayOf(x), [0, 2, 3, 1]);
  expect(
    distance(inFileOrder(folded.forward(tensor(data, shape)), { order: [0, 1] }), arrayOf(y)),
  ).toBeLessThan(2e-6);
});

test.each(['lstm', 'lstm-both', 'gru', 'gru-state'])('%s is read by a recurrent layer', (name) => {
  const types = typesOf(imported(name).network);
  expect(types.filter((type) => type === 'lstm' || type === 'gru')).toHaveLength(
    ['lstm', 'gru'].includes(name) ? 2 : 1,
  );
});
