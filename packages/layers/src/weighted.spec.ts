import { add, multiply } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import { random } from '@funhash/hashing';
import { binary, hashedNet, type Parameter } from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Activation } from './activation.ts';
import { toBinary } from './binary/to-binary.ts';
import { compress } from './compression/compress.ts';
import { foldBatchNorm } from './compression/fold-batch-norm.ts';
import { Sequential } from './containers/sequential.ts';
import { layerOption } from './layer-options.ts';
import { load } from './model-file/load.ts';
import { BatchNorm } from './normalization/batch-norm.ts';
import type { Pass } from './pass.ts';
import { GRU } from './recurrent/gru.ts';
import { layerLaws } from './testing/layer-laws.ts';
import { Weighted, weightedOptions } from './weighted.ts';

const options = {
  width: layerOption.required(layerOption.count()),
  units: layerOption.required(layerOption.count()),
  ...weightedOptions,
} as const;

/** A dense-like layer of a user's own. */
class Projection extends Weighted<OptionsOf<typeof options>> {
  static override readonly type: string = 'projection';
  static override readonly options = options;

  constructor(options: OptionsOf<typeof Projection.options>) {
    super(options, ({ width, units }) => ({ rows: units, cols: width, out: units, fanIn: width }));
  }

  override get widths() {
    return { in: this.options.width, out: this.options.units };
  }

  repeated(pass: Pass): (x: Tensor) => Tensor {
    return (x) => this.forward(x, pass);
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const y = this.weightFor(pass).matmul(this.quantized(x, pass));
    const bias = this.biasValues();
    return this.activated(bias ? add(y, bias) : y, pass);
  }

  protected override get product() {
    return { channels: this.options.width, groups: 1 };
  }
}

const normal = (shape: readonly number[]): Tensor =>
  tensor(random(1).fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))), shape);

function expectClose(actual: Tensor, expected: Tensor): void {
  const right = expected.dataSync();
  actual.dataSync().forEach((value, k) => {
    expect(value).toBeCloseTo(right[k] as number, 4);
  });
}

for (const law of layerLaws(() => new Projection({ width: 3, units: 4, activation: 'tanh' }), [2, 3]))
  test(law.name, law.check);

test('it takes in the normalisation behind it', () => {
  const norm = new BatchNorm({ channels: 4, activation: 'relu' });
  norm.statistics.mean.assign(normal([4]));
  norm.statistics.variance.assign(multiply(normal([4]), normal([4])));
  const net = new Sequential([new Projection({ width: 3, units: 4 }), norm]);
  const folded = foldBatchNorm(net);
  expect([...folded.members.values()].map((layer) => layer.constructor)).toEqual([Projection]);
  expectClose(folded.forward(normal([5, 3])), net.forward(normal([5, 3])));
});

test('its matrix is compressed', async () => {
  const net = new Sequential([new Projection({ width: 6, units: 8 })]);
  const { model, report } = await compress(net, { weight: { '0.weight': hashedNet({ ratio: 1 / 2 }) } });
  expect(report.weights.map(({ name }) => name)).toEqual(['0.weight']);
  expect([...model.weights().values()].map(({ definition }) => definition.kind)).toEqual(['hashedNet']);
  const loaded = await load(await model.toBytes(), { layers: { Projection } });
  expect(loaded.forward(normal([2, 6])).toArray()).toEqual(model.forward(normal([2, 6])).toArray());
});

test('recurrent layers are made of it', async () => {
  const given = { in: 3, hiddenSize: 2, seed: 5 };
  const usual = new GRU(given);
  const parts = Object.entries(usual.part()).map(([name, { weight, bias }]) => {
    const part = new Projection({ width: weight.cols, units: weight.rows, weight: hashedNet({ ratio: 1 }) });
    weight.parameters[0]?.assign(part.weight.decode());
    (bias as Parameter).assign(normal([6]));
    (part.bias as Parameter).assign(normal([6]));
    return [name, part] as const;
  });
  const own = new GRU(given, () => parts);
  const x = normal([2, 4, 3]);
  expectClose(own.forward(x), usual.forward(x));
  const loaded = await load(await own.toBytes(), { layers: { Projection } });
  expect(loaded.forward(x).toArray()).toEqual(own.forward(x).toArray());
  const wide = new Projection({ width: 3, units: 5 });
  expect(() => new GRU(given, () => [['input', wide]])).toThrow('from 3 to 5');
  const other = new Sequential([]);
  expect(() => new GRU(given, () => [['input', other]])).toThrow('another layer');
});

test('of signs, it becomes bits', async () => {
  const net = new Sequential(
    [
      new Activation('byte'),
      new Projection({ width: 12, units: 40, bias: false, weight: binary() }),
      new BatchNorm({ channels: 40, activation: 'sign' }),
      new Projection({ width: 40, units: 3, bias: false, weight: binary() }),
    ],
    { seed: 4 },
  );
  const packed = await toBinary(net);
  expect(packed.layers.map(({ spec }) => spec.type)).toEqual(['activation', 'packedDense', 'packedDense']);
  const pixels = tensor(
    Float32Array.from({ length: 24 }, (_, k) => ((k * 37) % 256) / 255),
    [2, 12],
  );
  expect(packed.forward(pixels).toArray()).toEqual(net.forward(pixels).toArray());
});
