// Made the files in earlier-files.fixtures.json, by the code of version 0.0.0 at 168145e, before the layers stated their
// options. Not to be run again: files of today would say nothing about files of then.
//
//     node --conditions=@funhash/source --import tsx packages/layers/src/model-file/earlier-files.fixtures.ts

import { writeFileSync } from 'node:fs';
import { random } from '@funhash/hashing';
import { toBinary } from '../binary.ts';
import {
  Activation,
  AveragePool2d,
  BatchNorm,
  binary,
  Concat,
  Conv1d,
  Conv2d,
  ConvTranspose2d,
  Dense,
  DepthwiseConv2d,
  Dropout,
  Dropout2d,
  dct2d,
  dense,
  Embedding,
  Flatten,
  freshNet,
  funHash,
  GlobalAveragePool,
  hashedNet,
  inBasis,
  kronecker,
  LayerNorm,
  LSTM,
  lowRank,
  lsq,
  MaxPool2d,
  type Module,
  mpo,
  Pad,
  productHash,
  Quantize,
  Reshape,
  Residual,
  randomEdgeRemoval,
  robe,
  type SaveOptions,
  Sequential,
  SharedSpace,
  stochasticBinary,
  tensor,
  tensorTrain,
  ternary,
  tiles,
  Upsample,
  useBackend,
  type WeightRequest,
} from '../index.ts';

await useBackend('reference');

interface Case {
  readonly name: string;
  readonly input: readonly number[];
  readonly model: Module;
  readonly options?: SaveOptions;
  /** Inputs are whole numbers below this. */
  readonly below?: number;
}

const image = [2, 6, 6, 2];
const sequence = new Sequential([
  new Dense({ in: 6, out: 5, activation: 'gelu' }),
  new Dense({ in: 5, out: 3 }),
]);
const tied = new Dense({ in: 4, out: 4, activation: 'tanh' });
const space = new SharedSpace({ values: 40, seed: 3 });

const layers: Case[] = [
  ...(
    [
      'relu',
      'leakyRelu',
      'elu',
      'gelu',
      'silu',
      'sigmoid',
      'softplus',
      'tanh',
      'sign',
      'stochasticSign',
      'byte',
    ] as const
  ).map((name): Case => ({ name: `activation ${name}`, input: [2, 5], model: new Activation(name) })),
  {
    name: 'averagePool2d',
    input: image,
    model: new AveragePool2d({ kernelSize: 2, padding: 1, countPadding: false }),
  },
  { name: 'averagePool2d plain', input: image, model: new AveragePool2d({ kernelSize: [2, 3] }) },
  {
    name: 'batchNorm',
    input: image,
    model: new BatchNorm({ channels: 2, epsilon: 1e-3, momentum: 0.2, activation: 'relu' }),
  },
  { name: 'batchNorm shifts', input: [3, 2], model: new BatchNorm({ channels: 2, shiftBased: true }) },
  {
    name: 'concat',
    input: [2, 4],
    model: new Concat([new Dense({ in: 4, out: 2 }), new Sequential([])], { seed: 4 }),
  },
  {
    name: 'conv1d',
    input: [2, 7, 4],
    model: new Conv1d({
      in: 4,
      out: 6,
      kernelSize: 3,
      stride: 2,
      padding: 'same',
      groups: 2,
      activation: 'silu',
    }),
  },
  {
    name: 'conv2d',
    input: image,
    model: new Conv2d({
      in: 2,
      out: 3,
      kernelSize: [3, 2],
      stride: [2, 1],
      dilation: [1, 2],
      padding: [1, [0, 2]],
    }),
  },
  {
    name: 'convTranspose2d',
    input: image,
    model: new ConvTranspose2d({
      in: 2,
      out: 3,
      kernelSize: 3,
      stride: 2,
      outputPadding: [1, 0],
      bias: false,
    }),
  },
  {
    name: 'dense',
    input: [3, 6],
    model: new Dense({ in: 6, out: 4, quantizeInput: 'sign', seed: 9, std: 0.5 }),
  },
  {
    name: 'depthwiseConv2d',
    input: image,
    model: new DepthwiseConv2d({ in: 2, multiplier: 2, kernelSize: 3, padding: 'same' }),
  },
  { name: 'dropout', input: [2, 5], model: new Dropout({ rate: 0.25 }) },
  { name: 'dropout2d', input: image, model: new Dropout2d({ rate: 0.5 }) },
  { name: 'embedding', input: [2, 3], below: 7, model: new Embedding({ in: 7, out: 3 }) },
  { name: 'flatten', input: image, model: new Flatten() },
  { name: 'globalAveragePool', input: image, model: new GlobalAveragePool() },
  { name: 'layerNorm', input: [3, 5], model: new LayerNorm({ channels: 5, activation: 'tanh' }) },
  { name: 'lstm', input: [2, 4, 3], model: new LSTM({ in: 3, hiddenSize: 2 }) },
  {
    name: 'lstm last',
    input: [2, 4, 3],
    model: new LSTM({
      in: 3,
      hiddenSize: 2,
      output: 'last',
      forgetBias: 0.5,
      weight: hashedNet({ values: 9, policy: 'step' }),
      recurrentWeight: lowRank({ rank: 1 }),
      bias: hashedNet({ values: 3 }),
    }),
  },
  { name: 'maxPool2d', input: image, model: new MaxPool2d({ kernelSize: 3, stride: 1, padding: 1 }) },
  { name: 'pad', input: image, model: new Pad({ padding: [1, [0, 2], 0] }) },
  { name: 'quantize', input: [2, 5], model: new Quantize({ bits: 3, signed: true, step: 0.3 }) },
  { name: 'reshape', input: [2, 12], model: new Reshape({ shape: [2, 3, 2] }) },
  {
    name: 'residual',
    input: [2, 4],
    model: new Residual(new Dense({ in: 4, out: 3 }), {
      shortcut: new Dense({ in: 4, out: 3 }),
      activation: 'elu',
    }),
  },
  { name: 'sequential', input: [2, 6], model: sequence },
  { name: 'upsample', input: image, model: new Upsample({ scale: [2, 3] }) },
  { name: 'upsample bilinear', input: image, model: new Upsample({ scale: 2, mode: 'bilinear' }) },
  {
    name: 'a layer in two places',
    input: [2, 4],
    model: new Sequential([tied, new Sequential([tied]), tied]),
  },
  {
    name: 'a shared space',
    input: [2, 4],
    model: new Sequential([
      new Dense({ in: 4, out: 5, weight: hashedNet({ space }) }),
      new Dense({ in: 5, out: 2, weight: tiles({ space, side: 4 }), bias: hashedNet({ values: 2 }) }),
    ]),
  },
];

const weights: Record<string, WeightRequest> = {
  binary: binary(),
  'binary over hashedNet': binary(hashedNet({ values: 30 })),
  dense: dense({ policy: 'step' }),
  freshNet: freshNet({ ratio: 1 / 2, kernel: 3 }),
  funHash: funHash({ values: 90 }),
  'funHash dual, hops': funHash({ values: 90, hops: 2, dual: true, layers: 3 }),
  hashedNet: hashedNet({ ratio: 1 / 8, policy: 'frozen' }),
  'hashedNet murmur3': hashedNet({ values: 20, hash: 'murmur3', seed: 77 }),
  'hashedNet in dct2d': inBasis(dct2d({ height: 6, width: 6, keep: 4 }), hashedNet({ values: 20 })),
  kronecker: kronecker({ ratio: 1 / 4 }),
  lowRank: lowRank({ rank: 2 }),
  lsq: lsq({ bits: 3 }),
  mpo: mpo({ ratio: 1 / 2 }),
  productHash: productHash({ values: 60 }),
  randomEdgeRemoval: randomEdgeRemoval({ ratio: 1 / 4 }),
  robe: robe({ values: 64, block: 4 }),
  stochasticBinary: stochasticBinary(),
  tensorTrain: tensorTrain({ ranks: 2 }),
  ternary: ternary(),
  tiles: tiles({ values: 64 }),
};

const schemes = Object.entries(weights).map(([name, weight]): Case => {
  const model =
    name === 'freshNet'
      ? new Conv2d({ in: 3, out: 4, kernelSize: 3, weight })
      : new Dense({ in: 36, out: 8, weight, seed: 5 });
  return { name: `scheme ${name}`, input: name === 'freshNet' ? [2, 5, 5, 3] : [2, 36], model };
});

const small = (): Sequential =>
  new Sequential([
    new Dense({ in: 6, out: 8, activation: 'relu', weight: hashedNet({ ratio: 1 / 2 }) }),
    new BatchNorm({ channels: 8 }),
    new Dense({ in: 8, out: 3 }),
  ]);

const stored: Case[] = [
  ...(['f32', 'f16', 'bf16', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7', 'i8'] as const).map(
    (storeAs): Case => ({
      name: `stored as ${storeAs}`,
      input: [2, 6],
      model: small(),
      options: { storeAs },
    }),
  ),
  { name: 'compressed', input: [2, 6], model: small(), options: { compress: true } },
  {
    name: 'a format for each',
    input: [2, 6],
    model: small(),
    options: { storeAs: (name) => (name.endsWith('bias') ? 'f16' : 'i4') },
  },
];

const signs = { activation: 'sign', bias: false, weight: binary() } as const;
const packed: Case[] = [
  {
    name: 'packed dense',
    input: [2, 12],
    model: await toBinary(
      new Sequential([
        new Activation('byte'),
        new Dense({ in: 12, out: 40, bias: false, weight: binary() }),
        new BatchNorm({ channels: 40, activation: 'sign' }),
        new Dense({ in: 40, out: 3, bias: false, weight: binary() }),
      ]),
    ),
  },
  {
    name: 'packed convolutions',
    input: [2, 8, 8, 3],
    model: await toBinary(
      new Sequential([
        new Activation('byte'),
        new Conv2d({ in: 3, out: 5, kernelSize: 3, padding: 'same', ...signs }),
        new Conv2d({ in: 5, out: 6, kernelSize: 3, bias: false, weight: binary() }),
        new MaxPool2d({ kernelSize: 2 }),
        new BatchNorm({ channels: 6, activation: 'sign' }),
        new Flatten(),
        new Dense({ in: 54, out: 3, bias: false, weight: binary() }),
      ]),
    ),
  },
];

const made = [];
for (const [at, { name, input, model, options, below }] of [
  ...layers,
  ...schemes,
  ...stored,
  ...packed,
].entries()) {
  const source = random(at);
  // Statistics and biases that are not those of the start.
  if (!name.startsWith('packed'))
    for (const [key, parameter] of [...model.namedParameters(), ...model.namedBuffers()]) {
      const { shape, size } = parameter.value;
      if (!/(bias|scale|shift|mean|variance)$/.test(key)) continue;
      parameter.assign(
        tensor(
          Float32Array.from({ length: size }, () => 0.5 + source.uniform()),
          shape,
        ),
      );
    }
  const file = await model.toBytes(options);
  const size = input.reduce((product, extent) => product * extent, 1);
  const values = Float32Array.from({ length: size }, () =>
    below === undefined ? source.integer(256) / 255 : source.integer(below),
  );
  const { load } = await import('../index.ts');
  const { packedLayers } = await import('../binary.ts');
  const output = (await load(file, { layers: packedLayers })).forward(tensor(values, input));
  made.push({
    name,
    file: Buffer.from(file).toString('base64'),
    input: { shape: input, values: [...values] },
    output: {
      shape: output.shape,
      // The bits of f32.
      bits: [...new Int32Array(Float32Array.from(output.dataSync()).buffer)],
    },
  });
}
writeFileSync(
  new URL('earlier-files.fixtures.json', import.meta.url),
  `[\n${made.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`,
);
