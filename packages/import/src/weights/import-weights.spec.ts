import { readFileSync } from 'node:fs';
import { random } from '@funhash/hashing';
import {
  BatchNorm,
  Conv2d,
  ConvTranspose2d,
  Dense,
  DepthwiseConv2d,
  Embedding,
  Flatten,
  GRU,
  hashedNet,
  LayerNorm,
  LSTM,
  type Module,
  Sequential,
  tensor,
} from '@funhash/layers';
import { describe, expect, test } from 'vitest';
import { type NumberArray, transposed } from '../array.ts';
import { ImportError } from '../import-error.ts';
import { distance, inFileOrder } from '../onnx-testdata.spec-kit.ts';
import { importSafetensors, importStateDict } from './import-weights.ts';
import { readSafetensors } from './read-safetensors.ts';
import { readStateDict } from './read-state-dict.ts';

interface Listed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Fixtures {
  readonly nets: Readonly<
    Record<string, Readonly<Record<'safetensors' | 'pt' | 'checkpoint', string>> & { x: Listed; y: Listed }>
  >;
  readonly types: {
    readonly pt: string;
    readonly safetensors: string;
    readonly values: Readonly<Record<string, Listed>>;
  };
  readonly module: string;
  readonly old: string;
}
const fixtures: Fixtures = JSON.parse(
  readFileSync(new URL('./pytorch-weights.fixtures.json', import.meta.url), 'utf8'),
);
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const arrayOf = ({ shape, data }: Listed): NumberArray => ({
  kind: 'float',
  shape,
  data: Float32Array.from(data),
});

/** The nets of the script, with the order of axes of inputs and outputs. */
const nets: Readonly<Record<string, { make: () => Module; input?: number[]; from: number[]; to: number[] }>> =
  {
    lenet: {
      make: () =>
        new Sequential([
          new Conv2d({ in: 1, out: 3, kernelSize: 3 }),
          new BatchNorm({ channels: 3, activation: 'relu' }),
          new Conv2d({ in: 3, out: 4, kernelSize: 3, bias: false }),
          new Flatten(),
          new BatchNorm({ channels: 24 }),
          new Dense({ in: 24, out: 6, activation: 'tanh' }),
          new Dense({ in: 6, out: 2 }),
        ]),
      input: [7, 6, 1],
      from: [0, 2, 3, 1],
      to: [0, 1],
    },
    lstm: {
      make: () =>
        new Sequential([
          new LSTM({ in: 3, hiddenSize: 4, layers: 2, bidirectional: true }),
          new Dense({ in: 8, out: 2 }),
        ]),
      from: [0, 1, 2],
      to: [0, 1, 2],
    },
    gru: {
      make: () =>
        new Sequential([
          new GRU({ in: 3, hiddenSize: 4, layers: 2, bidirectional: true }),
          new Dense({ in: 8, out: 2 }),
        ]),
      from: [0, 1, 2],
      to: [0, 1, 2],
    },
    parts: {
      make: () => new Sequential([new Embedding({ in: 7, out: 6 }), new LayerNorm({ channels: 6 })]),
      from: [0, 1],
      to: [0, 1, 2],
    },
    spatial: {
      make: () =>
        new Sequential([
          new Conv2d({ in: 2, out: 4, kernelSize: 3, groups: 2 }),
          new DepthwiseConv2d({ in: 4, kernelSize: 3 }),
          new ConvTranspose2d({ in: 4, out: 3, kernelSize: 2, stride: 2 }),
        ]),
      from: [0, 2, 3, 1],
      to: [0, 2, 3, 1],
    },
  };

describe.each(Object.entries(nets))('%s of PyTorch', (name, { make, input, from, to }) => {
  const { x, y, ...files } = fixtures.nets[name] as Fixtures['nets'][string];
  test.each(['safetensors', 'pt', 'checkpoint'] as const)('%s: outputs are those of PyTorch', (format) => {
    const net = make();
    const read = format === 'safetensors' ? importSafetensors : importStateDict;
    read(bytesOf(files[format]), net, input ? { input } : {});
    const given = transposed(arrayOf(x), from);
    const result = inFileOrder(net.forward(tensor(given.data, given.shape)), { order: to });
    expect(distance(result, arrayOf(y))).toBeLessThan(1e-6);
  });
});

describe('tensors of all types, and views', () => {
  test.each([
    ['pt', readStateDict],
    ['safetensors', readSafetensors],
  ] as const)('%s', (format, read) => {
    const table = read(bytesOf(fixtures.types[format]));
    for (const [name, { shape, data }] of Object.entries(fixtures.types.values)) {
      const array = table.get(name)?.read();
      expect([name, array?.shape]).toEqual([name, shape]);
      expect([...(array?.data ?? [])], name).toEqual(data);
    }
  });

  test('numbers of 8 bits', () => {
    const header = JSON.stringify({
      a: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] },
      b: { dtype: 'F8_E5M2', shape: [4], data_offsets: [4, 8] },
    });
    const text = new TextEncoder().encode(header);
    // 1, the largest, the smallest, −2; the same of 5 bits of exponent, with infinity for the largest.
    const data = [0x38, 0x7e, 0x01, 0xc0, 0x3c, 0x7c, 0x01, 0xc0];
    const table = readSafetensors(Uint8Array.from([text.length, 0, 0, 0, 0, 0, 0, 0, ...text, ...data]));
    expect([...(table.get('a')?.read().data ?? [])]).toEqual([1, 448, 2 ** -9, -2]);
    expect([...(table.get('b')?.read().data ?? [])]).toEqual([1, Number.POSITIVE_INFINITY, 2 ** -16, -2]);
  });
});

test('counters of batches are dropped by rule', () => {
  const { lenet } = fixtures.nets;
  const { dropped, names } = importSafetensors(
    bytesOf(lenet?.safetensors as string),
    nets.lenet?.make() as Module,
    { input: [7, 6, 1] },
  );
  expect(dropped).toEqual(['flat_norm.num_batches_tracked', 'norm1.num_batches_tracked']);
  expect(names).toEqual({ 0: 'conv1', 1: 'norm1', 2: 'conv2', 4: 'flat_norm', 5: 'fc1', 6: 'fc2' });
});

test('what does not match is listed on both sides, and nothing is overwritten', () => {
  const net = new Sequential([new Conv2d({ in: 1, out: 3, kernelSize: 3 }), new Dense({ in: 3, out: 4 })]);
  const before = net.parameters().map(({ value }) => [...value.dataSync()]);
  const bytes = bytesOf(fixtures.nets.lenet?.safetensors as string);
  expect(() => importSafetensors(bytes, net)).toThrow(ImportError);
  expect(() => importSafetensors(bytes, net)).toThrow(
    /"1", dense \(weight \[4, 3\], bias \[4\]\).*"fc2" \(bias \[2\], weight \[2, 6\]\)/,
  );
  expect(net.parameters().map(({ value }) => [...value.dataSync()])).toEqual(before);
});

test('layers of one shape are told apart by names', () => {
  const make = () =>
    new Sequential([new Dense({ in: 2, out: 2, bias: false }), new Dense({ in: 2, out: 2, bias: false })]);
  const header = JSON.stringify({
    'z.weight': { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
    'a.weight': { dtype: 'F32', shape: [2, 2], data_offsets: [16, 32] },
  });
  const text = new TextEncoder().encode(header);
  const data = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer);
  const bytes = Uint8Array.from([text.length, 0, 0, 0, 0, 0, 0, 0, ...text, ...data]);
  const net = make();
  importSafetensors(bytes, net, { names: { 0: 'z', 1: 'a' } });
  expect([...(net.parameters()[0]?.value.dataSync() ?? [])]).toEqual([1, 2, 3, 4]);
});

test('layouts of Keras', () => {
  const net = new Sequential([
    new Conv2d({ in: 2, out: 3, kernelSize: [1, 2], bias: false }),
    new GRU({ in: 3, hiddenSize: 1 }),
  ]);
  const tensors: readonly [string, number[], number[]][] = [
    ['conv/kernel:0', [1, 2, 2, 3], Array.from({ length: 12 }, (_, k) => k)],
    ['gru/kernel:0', [3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['gru/recurrent_kernel:0', [1, 3], [10, 11, 12]],
    ['gru/bias:0', [2, 3], [13, 14, 15, 16, 17, 18]],
  ];
  let at = 0;
  const header = Object.fromEntries(
    tensors.map(([name, shape, data]) => {
      const begin = at;
      at += 4 * data.length;
      return [name, { dtype: 'F32', shape, data_offsets: [begin, at] }];
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const data = new Uint8Array(Float32Array.from(tensors.flatMap(([, , values]) => values)).buffer);
  importSafetensors(
    Uint8Array.from([text.length % 256, text.length >> 8, 0, 0, 0, 0, 0, 0, ...text, ...data]),
    net,
  );
  const values = Object.fromEntries(
    [...net.namedParameters()].map(([name, { value }]) => [name, [...value.dataSync()]]),
  );
  // [H, W, I, O] by rows O; gates z r h as r z h.
  expect(values['0.weight.w']).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  expect(values['1.input.weight.w']).toEqual([2, 5, 8, 1, 4, 7, 3, 6, 9]);
  expect(values['1.recurrent.weight.w']).toEqual([11, 10, 12]);
  expect([values['1.input.bias'], values['1.recurrent.bias']]).toEqual([
    [14, 13, 15],
    [17, 16, 18],
  ]);
});

test.each<[string, RegExp, () => void]>([
  ['a whole model', /Save model.state_dict\(\)/, () => readStateDict(bytesOf(fixtures.module))],
  ['the form of before 1.6', /before 1\.6/, () => readStateDict(bytesOf(fixtures.old))],
  ['no archive', /zip archive/, () => readStateDict(new Uint8Array(100))],
  [
    'a network that is compressed',
    /dense weights/,
    () =>
      importStateDict(
        bytesOf(fixtures.nets.lenet?.pt as string),
        new Dense({ in: 8, out: 8, weight: hashedNet({ ratio: 1 / 4 }) }),
      ),
  ],
  [
    'an unknown shape before a Flatten',
    /input: \[28, 28, 1\]/,
    () => importStateDict(bytesOf(fixtures.nets.lenet?.pt as string), nets.lenet?.make() as Module),
  ],
])('%s is refused', (_, message, act) => {
  expect(act).toThrow(ImportError);
  expect(act).toThrow(message);
});

test.each([
  ['pt', readStateDict],
  ['safetensors', readSafetensors],
] as const)('mutated %s files are refused in typed errors, or are tensors', (format, read) => {
  const draw = random(3);
  const below = (n: number): number => Math.floor((draw.uint32() / 2 ** 32) * n);
  const files = [bytesOf(fixtures.types[format]), bytesOf(fixtures.nets.gru?.[format] as string)];
  const kinds = new Set<string>();
  for (let round = 0; round < 400; round++) {
    const bytes = (files[round % 2] as Uint8Array).slice();
    for (let k = below(4); k >= 0; k--) bytes[below(bytes.length)] = below(256);
    try {
      for (const stored of read(below(9) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes).values())
        stored.read();
      kinds.add('tensors');
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      kinds.add('refusal');
    }
  }
  expect([...kinds].sort()).toEqual(['refusal', 'tensors']);
});
