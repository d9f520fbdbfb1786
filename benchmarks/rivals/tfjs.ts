import * as tf from '@tensorflow/tfjs';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import {
  hashTables,
  labels,
  mnist,
  oneHot,
  recurrentWeights,
  signs,
  startWeights,
  transposed,
  uniform,
} from '../src/data.ts';
import { leNetShapes, leNetWeights } from '../src/le-net.ts';
import {
  learningRate,
  momentum,
  notOffered,
  type Ready,
  type Runner,
  type Task,
  type TaskOf,
  type WeightChoice,
} from '../src/task.ts';

export interface Options {
  readonly backend: 'wasm' | 'cpu';
}

export async function createRunner({ backend }: Options): Promise<Runner> {
  if (backend === 'wasm') setThreadsCount(1);
  if (!(await tf.setBackend(backend))) throw new Error(`tf.setBackend('${backend}') gave false`);
  return {
    prepare,
    memoryBytes: () => ({ usedBytes: tf.memory().numBytes, peakBytes }),
  };
}

let peakBytes = 0;

function prepare(task: Task): Ready | Promise<Ready> {
  switch (task.kind) {
    case 'product':
      return product(task);
    case 'signProduct':
      return signProduct(task);
    case 'step':
      return step(task);
    case 'layer':
      return layer(task);
    case 'forward':
      return forward(task);
    case 'epoch':
      return epoch(task);
    case 'leNetStep':
      return leNetStep(task);
    case 'leNetForward':
      return leNetForward(task);
    case 'recurrentStep':
      return recurrentStep(task);
    default:
      throw notOffered('tfjs', task);
  }
}

function product({ m, k, n }: TaskOf<'product'>): Ready {
  const a = tf.tensor(uniform(m * k), [m, k]);
  const b = tf.tensor(uniform(k * n, 2), [k, n]);
  return {
    run: () => tf.matMul(a, b).dispose(),
    value: async () => (await tf.matMul(a, b).data())[m * n - 1] as number,
  };
}

function signProduct({ m, k, n }: TaskOf<'signProduct'>): Ready {
  const a = tf.tensor(signs(m * k), [m, k]);
  // As it lies for the fast path of this library: with transposeB it is several times slower.
  const b = tf.tensor(transposed(signs(k * n, 2), n, k), [k, n]);
  const product = (): tf.Tensor => tf.matMul(a, b);
  return {
    run: () => product().dispose(),
    value: async () => (await product().data())[m * n - 1] as number,
  };
}

function netOf(widths: readonly number[]): tf.Sequential {
  const net = tf.sequential({
    layers: widths.slice(1).map((units, k) =>
      tf.layers.dense({
        units,
        ...(k === 0 && { inputShape: [widths[0] as number] }),
        ...(k < widths.length - 2 && { activation: 'relu' }),
      }),
    ),
  });
  startWeights(widths).forEach((start, k) => {
    const [into, out] = [widths[k] as number, widths[k + 1] as number];
    net.layers[k]?.setWeights([tf.tensor(transposed(start, out, into), [into, out]), tf.zeros([out])]);
  });
  return compiled(net);
}

function compiled(net: tf.Sequential): tf.Sequential {
  net.compile({
    optimizer: tf.train.momentum(learningRate, momentum),
    loss: (classes, logits) => tf.losses.softmaxCrossEntropy(classes, logits),
  });
  return net;
}

/** Steps on one batch; the loss is read. */
function stepsOf(net: tf.Sequential, x: tf.Tensor, y: tf.Tensor): Ready {
  const run = (): Promise<number> => net.trainOnBatch(x, y);
  return {
    run,
    value: async () => {
      await run();
      await run();
      return run();
    },
  };
}

function step({ widths, batch, weight }: TaskOf<'step'>): Ready {
  if (weight) throw notOffered('tfjs-layers', { kind: 'step', widths, batch });
  const [width, classes] = [widths[0] as number, widths.at(-1) as number];
  const x = tf.tensor(uniform(batch * width), [batch, width]);
  const y = tf.tensor(oneHot(labels(batch, classes), classes), [batch, classes]);
  return stepsOf(netOf(widths), x, y);
}

/**
 * V [out, in] of stored values: itself, or the idiom of a tfjs user who hashes weights, gather by a table of places
 * and multiply by one of signs. With the option `gradient: 'bincount'` the gradient of gather, a loop over all
 * places for each stored value, is replaced by the user's own, a weighted count.
 */
function decoder(
  width: number,
  out: number,
  weight?: WeightChoice,
): [shape: number[], (w: tf.Tensor) => tf.Tensor] {
  if (!weight) return [[out, width], (w) => w];
  if (weight.scheme !== 'hashedNet') throw new Error(`tfjs: no idiom for ${weight.scheme}`);
  const buckets = Math.floor(out * width * (weight.options.ratio as number));
  const tables = hashTables(out * width, buckets);
  const places = tf.tensor(tables.places, [out, width], 'int32');
  const signs = tf.tensor(tables.signs, [out, width]);
  const decode = (w: tf.Tensor): tf.Tensor => tf.mul(tf.gather(w, places), signs);
  if (weight.options.gradient !== 'bincount') return [[buckets], decode];
  const flatPlaces = tf.tensor(tables.places, [out * width], 'int32');
  const custom = tf.customGrad((w) => ({
    value: decode(w),
    gradFunc: (dV) => tf.bincount(flatPlaces, tf.mul(dV, signs).reshape([out * width]), buckets),
  }));
  return [[buckets], custom];
}

async function layer({ width, out, batch, weight }: TaskOf<'layer'>): Promise<Ready> {
  const [shape, decode] = decoder(width, out, weight);
  const count = shape.reduce((a, b) => a * b, 1);
  const w = tf.variable(tf.tensor(uniform(count, 3, 0.05), shape));
  const b = tf.variable(tf.zeros(shape));
  const x = tf.tensor(uniform(batch * width), [batch, width]);
  const dY = tf.tensor(uniform(batch * out, 2, 1e-3), [batch, out]);
  const gradients = tf.grads((input, stored) =>
    tf.sum(tf.mul(tf.matMul(input as tf.Tensor, decode(stored as tf.Tensor), false, true), dY)),
  );
  const run = (): void =>
    tf.tidy(() => {
      const [, dW] = gradients([x, w]);
      b.assign(b.mul(momentum).add(dW as tf.Tensor));
      w.assign(w.sub(b.mul(1e-3)));
    });
  peakBytes = (await tf.profile(run)).peakBytes;
  return { run };
}

function forward({ width, out, batch, weight }: TaskOf<'forward'>): Ready {
  const [shape, decode] = decoder(width, out, weight);
  const count = shape.reduce((a, b) => a * b, 1);
  const w = tf.tensor(uniform(count, 3, 0.05), shape);
  const x = tf.tensor(uniform(batch * width), [batch, width]);
  // A dense layer of tfjs keeps its kernel as [in, out].
  const kernel = weight ? undefined : tf.tensor(uniform(count, 3, 0.05), [width, out]);
  if (kernel) return { run: () => tf.matMul(x, kernel).dispose() };
  return { run: () => tf.tidy(() => tf.matMul(x, decode(w), false, true)).dispose() };
}

async function epoch({ examples, batch, weight }: TaskOf<'epoch'>): Promise<Ready> {
  if (weight) throw notOffered('tfjs-layers', { kind: 'epoch', examples, batch });
  const { inputs, labels: classes } = await mnist(examples);
  const net = netOf([784, 1000, 10]);
  const x = tf.tensor(inputs, [examples, 784]);
  const y = tf.tensor(oneHot(classes, 10), [examples, 10]);
  return { run: () => net.fit(x, y, { epochs: 1, batchSize: batch, verbose: 0, shuffle: true }) };
}

function leNet(): tf.Sequential {
  const { conv2d, dense, flatten, maxPooling2d } = tf.layers;
  const weighted = [
    conv2d({ inputShape: [28, 28, 1], filters: 6, kernelSize: 5, padding: 'same', activation: 'relu' }),
    conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }),
    dense({ units: 120, activation: 'relu' }),
    dense({ units: 84, activation: 'relu' }),
    dense({ units: 10 }),
  ] as const;
  const [conv1, conv2, ...rest] = weighted;
  const pool = () => maxPooling2d({ poolSize: 2, strides: 2 });
  const net = tf.sequential({ layers: [conv1, pool(), conv2, pool(), flatten(), ...rest] });
  const starts = leNetWeights();
  leNetShapes.forEach(({ rows, area, channels }, k) => {
    // Kernels are [5, 5, in, out].
    const shape = k < 2 ? [5, 5, channels, rows] : [area * channels, rows];
    const start = transposed(starts[k] as Float32Array, rows, area * channels);
    weighted[k]?.setWeights([tf.tensor(start, shape), tf.zeros([rows])]);
  });
  return compiled(net);
}

function leNetStep({ batch, weights }: TaskOf<'leNetStep'>): Ready {
  if (weights) throw notOffered('tfjs-layers', { kind: 'leNetStep', batch });
  const x = tf.tensor(uniform(batch * 784), [batch, 28, 28, 1]);
  return stepsOf(leNet(), x, tf.tensor(oneHot(labels(batch, 10), 10), [batch, 10]));
}

function leNetForward({ batch, weights }: TaskOf<'leNetForward'>): Ready {
  if (weights) throw notOffered('tfjs-layers', { kind: 'leNetForward', batch });
  const net = leNet();
  const x = tf.tensor(uniform(batch * 784), [batch, 28, 28, 1]);
  const run = (): Float32Array => tf.tidy(() => net.predictOnBatch(x).dataSync());
  return { run, value: () => run().at(-1) as number };
}

function recurrentStep(task: TaskOf<'recurrentStep'>): Ready {
  const { cell, width, hidden, steps, batch, weight } = task;
  if (weight) throw notOffered('tfjs-layers', task);
  const layer = tf.layers[cell]({
    units: hidden,
    inputShape: [steps, width],
    recurrentActivation: 'sigmoid',
  });
  const head = tf.layers.dense({ units: 10 });
  const net = compiled(tf.sequential({ layers: [layer, head] }));
  const [v, u, d] = recurrentWeights(task);
  const x = tf.tensor(uniform(batch * steps * width), [batch, steps, width]);
  const { run, value } = stepsOf(net, x, tf.tensor(oneHot(labels(batch, 10), 10), [batch, 10]));
  // Its GRU resets the state before the product, and not what comes out of it.
  if (cell === 'gru') return { run };
  const rows = 4 * hidden;
  // Its bias of the forget gate starts at 1; ours is a constant beside a bias that starts at 0.
  const bias = Float32Array.from({ length: rows }, (_, k) => (k >= hidden && k < 2 * hidden ? 1 : 0));
  layer.setWeights([
    tf.tensor(transposed(v, rows, width), [width, rows]),
    tf.tensor(transposed(u, rows, hidden), [hidden, rows]),
    tf.tensor(bias, [rows]),
  ]);
  head.setWeights([tf.tensor(transposed(d, 10, hidden), [hidden, 10]), tf.zeros([10])]);
  return { run, ...(value && { value }) };
}
