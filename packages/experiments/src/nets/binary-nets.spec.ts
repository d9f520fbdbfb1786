import { random } from '@funhash/hashing';
import {
  BatchNorm,
  binary,
  type Dense,
  gradientsOf,
  hashedNet,
  load,
  lsq,
  type Module,
  type Sequential,
  scope,
  stochasticBinary,
  tensor,
  ternary,
} from '@funhash/layers';
import { toBinary } from '@funhash/layers/binary';
import { type BinaryNetOptions, bnnConvNet, bnnMlp } from '@funhash/models';
import { adam, type FitConfig, fit, shiftAdaMax, squaredHinge } from '@funhash/training';
import { describe, expect, test } from 'vitest';

const draw = random(6);
const images = tensor(draw.fillUniform(new Float32Array(40 * 64)), [40, 64]);
const labels = tensor(
  Int32Array.from({ length: 40 }, (_, k) => k % 4),
  [40],
);

const variants: Record<string, BinaryNetOptions> = {
  'signs drawn in training': { activation: 'stochasticSign' },
  'weights drawn in training': { quantizer: stochasticBinary },
  'ternary weights': { quantizer: ternary },
  'weights of 2 bits': { quantizer: (latent) => lsq({ bits: 2 }, latent) },
  'normalisation by shifts': { shiftBased: true },
};

const nets: Record<string, (options: BinaryNetOptions) => Sequential> = {
  bnnMlp: (options) => bnnMlp({ input: 64, hidden: [48, 40], classes: 4, seed: 2, ...options }),
  bnnConvNet: (options) =>
    bnnConvNet({ input: [8, 8, 1], channels: 4, hidden: [16], classes: 4, seed: 2, ...options }),
};

/** Losses of steps on all images, by signs drawn anew in each. */
async function train(net: Module, steps: number): Promise<number[]> {
  const optimizer = await shiftAdaMax({ learningRate: 2 ** -6 }).create(net.namedParameters());
  const values = net.parameters().map(({ value }) => value);
  return Array.from({ length: steps }, (_, step) =>
    scope(() => {
      const pass = { training: true, random: random(step) };
      const [loss, gradients] = gradientsOf(() => squaredHinge(net.forward(images, pass), labels), values);
      optimizer.update(gradients);
      return loss.dataSync()[0] as number;
    }),
  );
}

describe.each(Object.entries(nets))('%s', (_, make) => {
  test.each(Object.entries(variants))(
    'with %s learns, the same each time, and is the same from a file',
    async (_, options) => {
      const net = make(options);
      const losses = await train(net, 20);
      expect(Math.min(...losses.slice(-5))).toBeLessThan(0.8 * (losses[0] as number));
      expect(await train(make(options), 20)).toEqual(losses);
      const restored = await load(await net.toBytes());
      expect(restored.forward(images).dataSync()).toEqual(net.forward(images).dataSync());
    },
  );
});

test('latent values stay within ±1 after every update, whatever the step', async () => {
  const net = bnnMlp({ input: 64, hidden: [20], classes: 4 });
  const optimizer = await adam({ learningRate: 3 }).create(net.namedParameters());
  const latent = [...net.namedParameters()].filter(([name]) => name.endsWith('weight.w'));
  expect(latent).toHaveLength(2);
  const values = net.parameters().map(({ value }) => value);
  for (let step = 0; step < 5; step++)
    scope(() => {
      const pass = { training: true, random: random(step) };
      const [, gradients] = gradientsOf(() => squaredHinge(net.forward(images, pass), labels), values);
      optimizer.update(gradients);
      for (const [, { value }] of latent)
        for (const x of value.dataSync()) expect(Math.abs(x)).toBeLessThanOrEqual(1);
    });
});

test('normalised by shifts, with signs and weights drawn in training, it predicts by bits, the same', async () => {
  const net = bnnMlp({
    input: 64,
    hidden: [48, 40],
    classes: 4,
    activation: 'stochasticSign',
    quantizer: stochasticBinary,
    shiftBased: true,
  });
  await train(net, 5);
  const packed = await toBinary(net);
  expect(packed.forward(images).dataSync()).toEqual(net.forward(images).dataSync());
  expect(packed.layers.map(({ spec }) => spec.type)).toContain('packedDense');
  expect(packed.layers.filter(({ spec }) => spec.type === 'batchNorm')).toHaveLength(1);
});

test('options reach the layers', () => {
  const net = bnnMlp({ quantizer: ternary, weight: hashedNet({ ratio: 1 / 4 }), shiftBased: true });
  const dense = net.layers.filter((layer) => layer.spec.type === 'dense') as Dense[];
  expect(new Set(dense.map(({ weight }) => weight.definition.kind))).toEqual(new Set(['ternary(hashedNet)']));
  const norms = net.layers.filter((layer) => layer instanceof BatchNorm);
  expect(norms.map(({ options }) => options.activation)).toEqual(['sign', 'sign', 'sign', undefined]);
  expect(norms.every(({ options }) => options.shiftBased)).toBe(true);
  expect(bnnMlp({ quantizer: binary }).spec).toEqual(bnnMlp().spec);
});

test('a run of drawn signs, resumed within an epoch, has the bits of one never interrupted', async () => {
  const net = (): Sequential =>
    bnnMlp({
      input: 64,
      hidden: [30],
      classes: 4,
      activation: 'stochasticSign',
      quantizer: stochasticBinary,
    });
  const config = (model: Sequential): FitConfig => ({
    model,
    data: {
      inputs: images.dataSync() as Float32Array,
      inputShape: [64],
      labels: labels.dataSync() as Int32Array,
    },
    loss: squaredHinge,
    optimizer: adam({ learningRate: 0.01 }),
    epochs: 3,
    batchSize: 10,
    checkpoint: { everySteps: 6 },
  });
  const [straight, resumed] = [net(), net()];
  let saved: Uint8Array | undefined;
  for await (const event of fit(config(straight))) if (event.type === 'checkpoint') saved ??= event.bytes;
  for await (const _ of fit({ ...config(resumed), resume: saved as Uint8Array }));
  expect(resumed.parameters().map(({ value }) => value.dataSync())).toEqual(
    straight.parameters().map(({ value }) => value.dataSync()),
  );
});
