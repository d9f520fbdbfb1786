import { add } from '@funhash/autodiff';
import { decodeModel } from '@funhash/codec/read';
import { ArgumentError } from '@funhash/hashing';
import {
  dense,
  funHash,
  hashedNet,
  kronecker,
  lowRank,
  SharedSpace,
  tensorTrain,
  tiles,
  type WeightRequest,
} from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Concat } from '../containers/concat.ts';
import { Functional } from '../containers/functional.ts';
import { Residual } from '../containers/residual.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { network } from '../model-file/arbitrary-network.spec-kit.ts';
import { load } from '../model-file/load.ts';
import type { Module } from '../module.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { ConvTranspose2d } from '../spatial/conv-transpose2d.ts';
import { Conv1d } from '../spatial/conv1d.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { DepthwiseConv2d } from '../spatial/depthwise-conv2d.ts';
import { GlobalAveragePool } from '../spatial/global-average-pool.ts';
import { compress, placedWeights } from './compress.ts';

const waves = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((size, extent) => size * extent, 1) }, (_, k) => Math.sin(k)),
    shape,
  );

function difference(a: Tensor, b: Tensor): number {
  const other = b.dataSync();
  return a.dataSync().reduce((most, value, k) => Math.max(most, Math.abs(value - (other[k] as number))), 0);
}

const mlp = (weight?: WeightRequest): Sequential =>
  new Sequential(
    [
      new Dense({ in: 12, out: 16, activation: 'relu', ...(weight && { weight }) }),
      new Dense({ in: 16, out: 6 }),
    ],
    { seed: 3 },
  );

/** Every layer with a matrix, in every group. */
function imageNet(): Module {
  const norm = (channels: number): BatchNorm => {
    const layer = new BatchNorm({ channels, activation: 'relu' });
    layer.statistics.mean.assign(waves(channels));
    return layer;
  };
  return new Sequential(
    [
      new Conv2d({ in: 2, out: 4, kernelSize: 3, padding: 'same' }),
      new Residual(new Sequential([new DepthwiseConv2d({ in: 4, kernelSize: 3, padding: 1 }), norm(4)]), {
        shortcut: new Conv2d({ in: 4, out: 4, kernelSize: 1, bias: hashedNet({ values: 2 }) }),
        activation: 'tanh',
      }),
      new Concat([new Conv2d({ in: 4, out: 3, kernelSize: 1 }), new Sequential([])]),
      new ConvTranspose2d({ in: 7, out: 4, kernelSize: 2, stride: 2, bias: false }),
      new GlobalAveragePool(),
      new Functional(
        { twice: new Dense({ in: 4, out: 4, activation: 'elu' }), head: new Dense({ in: 4, out: 3 }) },
        (x, { twice, head }) => head(add(twice(twice(x)), x)),
      ),
    ],
    { seed: 1 },
  );
}

const nets: Record<string, () => { model: Module; x: Tensor }> = {
  'one dense layer': () => ({ model: new Dense({ in: 12, out: 6 }), x: waves(3, 12) }),
  images: () => ({ model: imageNet(), x: waves(2, 4, 5, 2) }),
  sequences: () => ({ model: new Conv1d({ in: 6, out: 8, kernelSize: 3 }), x: waves(2, 9, 6) }),
  'one layer in two places': () => {
    const layer = new Dense({ in: 8, out: 8, activation: 'relu' });
    return { model: new Sequential([layer, new Dense({ in: 8, out: 8 }), layer]), x: waves(3, 8) };
  },
  'one group in two places': () => {
    const group = new Sequential([new Dense({ in: 8, out: 8, activation: 'tanh' })]);
    return { model: new Concat([group, new Sequential([group])]), x: waves(3, 8) };
  },
};

/** Requests that leave no matrix out: all values, and ranks that no cut exceeds. */
const whole: Record<string, WeightRequest | ((place: { rows: number; cols: number }) => WeightRequest)> = {
  dense: dense(),
  'low rank': ({ rows, cols }) => lowRank({ rank: Math.min(rows, cols) }),
  'tensor train': ({ rows, cols }) =>
    tensorTrain({ outModes: [rows, 1], inModes: [1, cols], ranks: [Math.min(rows, cols)] }),
};

describe('schemes that hold any matrix', () => {
  for (const [scheme, weight] of Object.entries(whole))
    for (const [kind, make] of Object.entries(nets))
      test(`${scheme}, ${kind}: the same answers`, async () => {
        const { model, x } = make();
        const { model: small, report } = await compress(model, { weight });
        expect(difference(small.forward(x), model.forward(x))).toBeLessThan(1e-4);
        expect(report.weights.length).toBe(placedWeights(model).length);
        for (const { error } of report.weights) expect(error).toBeLessThan(1e-5);
      });
});

test('any network: the old model keeps its bytes, the report has the sizes of summaries and files', () =>
  fc.assert(
    fc.asyncProperty(network, fc.nat(1000), async ({ make, width }, seed) => {
      const model = make();
      const before = await model.toBytes();
      const { model: small, report } = await compress(model, { weight: hashedNet({ values: 9 }), seed });
      expect(await model.toBytes()).toEqual(before);
      expect(report.before).toEqual(model.summary().total);
      expect(report.after).toEqual(small.summary().total);
      const rows = new Map(small.summary().rows.map((row) => [row.name, row]));
      for (const { name, after } of report.weights) expect(rows.get(name)).toEqual(after);
      const { tensors } = decodeModel(await small.toBytes());
      const inFile = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(report.after.storedBytes).toBe(inFile);
      const again = await load(await small.toBytes());
      const x = waves(2, width);
      expect(again.forward(x).dataSync()).toEqual(small.forward(x).dataSync());
    }),
    { seed: 5, numRuns: 30 },
  ));

test('training the new model does not reach the old one', async () => {
  const model = imageNet();
  const before = await model.toBytes();
  const { model: small } = await compress(model, { weight: dense(), layers: ['0'] });
  for (const { value } of [...small.parameters(), ...small.namedBuffers().values()])
    value.storage.backend.upload(value.buffer, new Float32Array(value.size));
  expect(await model.toBytes()).toEqual(before);
});

test('a layer in two places stays one layer', async () => {
  const { model } = (nets['one layer in two places'] as () => { model: Module })();
  const { model: small, report } = await compress(model, { weight: lowRank({ rank: 2 }), layers: ['2'] });
  expect(report.weights.map(({ name }) => name)).toEqual(['0.weight']);
  const { layers } = small as Sequential;
  expect(layers[2]).toBe(layers[0]);
  expect(layers[1]).not.toBe((model as Sequential).layers[1]);
});

describe('what is compressed', () => {
  const kindsAfter = async (options: Parameters<typeof compress>[1]): Promise<string[]> =>
    placedWeights((await compress(mlp(), options)).model).map(({ kind }) => kind);
  const weight = hashedNet({ ratio: 1 / 4 });

  test('all, without a choice', async () => {
    expect(await kindsAfter({ weight })).toEqual(['hashedNet', 'hashedNet']);
  });
  test('by place, by name, as a function says', async () => {
    expect(await kindsAfter({ weight, layers: ['0'] })).toEqual(['hashedNet', 'dense']);
    expect(await kindsAfter({ weight, layers: ['1.weight'] })).toEqual(['dense', 'hashedNet']);
    expect(await kindsAfter({ weight, layers: ({ cols }) => cols === 12 })).toEqual(['hashedNet', 'dense']);
  });
  test('a request for each, by place, by name or by a function', async () => {
    const requests = { '0': tiles({ values: 30 }), '1.weight': weight };
    expect(await kindsAfter({ weight: requests })).toEqual(['tiles', 'hashedNet']);
    expect(await kindsAfter({ weight: requests, layers: ['1'] })).toEqual(['dense', 'hashedNet']);
    expect(await kindsAfter({ weight: { '1': weight } })).toEqual(['dense', 'hashedNet']);
    const byLayer = await kindsAfter({
      weight: ({ layer, rows }) => (layer instanceof Dense && rows === 6 ? weight : undefined),
    });
    expect(byLayer).toEqual(['dense', 'hashedNet']);
  });
  test('virtual biases are not', () => {
    expect(placedWeights(imageNet()).map(({ name }) => name)).toEqual([
      '0.weight',
      '1.body.0.weight',
      '1.shortcut.weight',
      '2.0.weight',
      '3.weight',
      '5.twice.weight',
      '5.head.weight',
    ]);
  });
});

test('a layer out of a shared space gets values of its own, the others keep sharing', async () => {
  const space = new SharedSpace({ values: 64, seed: 2 });
  const layer = (): Dense => new Dense({ in: 8, out: 8, weight: tiles({ space }) });
  const model = new Sequential([layer(), layer(), layer()]);
  const { model: small, report } = await compress(model, { weight: dense(), layers: ['1'] });
  const x = waves(2, 8);
  expect(difference(small.forward(x), model.forward(x))).toBeLessThan(1e-5);
  const [copy] = [...small.sharedSpaces()];
  expect(copy?.parameter).not.toBe(space.parameter);
  expect(small.namedParameters().get('space')).toBe(copy?.parameter);
  expect([report.before.storedCount, report.after.storedCount]).toEqual([64 + 24, 64 + 24 + 64]);
});

describe('report', () => {
  test('prints sizes, errors, notes and scores', async () => {
    const { report } = await compress(mlp(), {
      weight: { '0': tensorTrain({ ranks: 2 }), '1': dense() },
      evaluate: (model) => (placedWeights(model)[0]?.kind === 'dense' ? 0.9 : 0.51234),
      fineTune: async () => {},
    });
    const text = String(report).replace(/0\.\d{3} /, '0.### ');
    expect(`\n${text}\n`).toMatchInlineSnapshot(`
      "
      weight    scheme               shape    error  stored    →  bytes    →  ratio
      0.weight  dense → tensorTrain  16 × 12  0.###     192   56    768  224  1/3.4
      1.weight  dense → dense        6 × 16   0.000      96   96    384  384  1/1.0
      model                                             310  174  1 240  696  1/1.8

      0.weight: 3×4 → 4×4, bonds 2; contracted through cores 1, 2 for 1 row, by dense reconstruction for 100 rows

      score: 0.9 before, 0.5123 after, 0.5123 fine-tuned
      "
    `);
  });

  test('evaluates before, after, and after fine-tuning, which may be an iteration', async () => {
    const seen: Module[] = [];
    const order: string[] = [];
    async function* train(): AsyncGenerator<void> {
      yield;
      order.push('trained');
    }
    const model = mlp();
    const { model: small, report } = await compress(model, {
      weight: hashedNet({ values: 20 }),
      evaluate: async (given) => {
        order.push('evaluated');
        return seen.push(given);
      },
      fineTune: () => train(),
    });
    expect(order).toEqual(['evaluated', 'evaluated', 'trained', 'evaluated']);
    expect(seen).toEqual([model, small, small]);
    expect(report.scores).toEqual({ before: 1, after: 2, fineTuned: 3 });
    expect((await compress(model, { weight: dense() })).report.scores).toBeUndefined();
  });
});

test('the error is that of the matrices', async () => {
  const model = mlp();
  const { model: small, report } = await compress(model, { weight: kronecker({ terms: 1 }) });
  const weights = (net: Module): Tensor[] =>
    (net as Sequential).layers.map((layer) => (layer as Dense).weight.decode());
  weights(small).forEach((fitted, k) => {
    const trained = weights(model)[k] as Tensor;
    const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
    const rest = fitted.dataSync().map((value, at) => value - (trained.dataSync()[at] as number));
    expect(report.weights[k]?.error).toBeCloseTo(norm(rest) / norm(trained.dataSync()), 5);
  });
});

test('a seed decides hashes', async () => {
  const bytes = async (seed: number): Promise<Uint8Array> =>
    (await compress(mlp(), { weight: hashedNet({ values: 20 }), seed })).model.toBytes();
  expect(await bytes(1)).toEqual(await bytes(1));
  expect(await bytes(1)).not.toEqual(await bytes(2));
});

describe('refuses, naming the layer', () => {
  const refusal = async (model: Module, options: Parameters<typeof compress>[1]): Promise<string> => {
    const before = await model.toBytes();
    const error = await compress(model, options).then(
      () => undefined,
      (cause) => cause,
    );
    expect(error).toBeInstanceOf(ArgumentError);
    expect(await model.toBytes()).toEqual(before);
    return error.message;
  };

  test('names that the model does not have', async () => {
    expect(await refusal(mlp(), { weight: dense(), layers: ['0', '7'] })).toMatch(
      /^compress: expected layers or weights among 0\.weight, 1\.weight, got "7"/,
    );
    expect(await refusal(mlp(), { weight: { '0.bias': dense() } })).toContain('"0.bias"');
  });

  test('schemes that do not fit', async () => {
    const weight = tensorTrain({ inModes: [3, 4], outModes: [4, 4], ranks: [2] });
    expect(await refusal(mlp(), { weight })).toMatch(/^compress 1\.weight: tensorTrain: expected /);
    expect(await refusal(mlp(), { weight: funHash({ ratio: 1 / 20 }) })).toMatch(/^compress 0\.weight: /);
  });

  test('values that are not finite', async () => {
    const model = mlp();
    const { weight } = (model.layers[1] as Dense) ?? {};
    weight.parameters[0]?.assign(tensor(new Float32Array(96).fill(Number.NaN), [6, 16]));
    expect(await refusal(model, { weight: lowRank({ rank: 2 }) })).toMatch(
      /^compress 1\.weight: project: expected a target of finite values, got NaN/,
    );
    // Where nothing is fitted, nothing is looked at.
    await compress(model, { weight: lowRank({ rank: 2 }), layers: ['0'] });
  });

  test('requests for a shared space', async () => {
    const space = new SharedSpace({ values: 9, name: 'common' });
    expect(await refusal(mlp(), { weight: hashedNet({ space }) })).toMatch(
      /values of its own for 0\.weight, got the shared space common/,
    );
  });
});
