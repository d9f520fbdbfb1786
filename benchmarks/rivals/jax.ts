// Every function of jax-js consumes its arguments; `.ref` keeps one for another use.

import { random } from '@funhash/hashing';
import {
  defaultDevice,
  init,
  type Array as JaxArray,
  jit,
  lax,
  nn,
  numpy as np,
  valueAndGrad,
} from '@jax-js/jax';
import {
  hashTables,
  labels,
  mnist,
  oneHot,
  recurrentWeights,
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
} from '../src/task.ts';

export async function createRunner(): Promise<Runner> {
  // Without a name `init` asks for navigator, which Node 20 has not.
  await init('wasm');
  defaultDevice('wasm');
  return { prepare, memoryBytes: () => ({}) };
}

function prepare(task: Task): Ready | Promise<Ready> {
  switch (task.kind) {
    case 'product':
      return product(task);
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
      throw notOffered('jax-js', task);
  }
}

const arrayOf = (values: Float32Array | Int32Array, shape: number[]): JaxArray => np.array(values, { shape });

function product({ m, k, n }: TaskOf<'product'>): Ready {
  const a = arrayOf(uniform(m * k), [m, k]);
  const b = arrayOf(uniform(k * n, 2), [k, n]);
  return {
    run: async () => {
      const c = await np.matmul(a.ref, b.ref).blockUntilReady();
      c.dispose();
    },
    value: async () => (await np.matmul(a.ref, b.ref).data())[m * n - 1] as number,
  };
}

interface Start {
  values: JaxArray[];
  moments: JaxArray[];
}

/** Weights [in, out] and biases, layer by layer, and as many zeros. */
function startOf(widths: readonly number[]): Start {
  const shapes = widths.slice(1).flatMap((out, k) => [[widths[k] as number, out], [out]]);
  const values = startWeights(widths).flatMap((start, k) => {
    const [into, out] = [widths[k] as number, widths[k + 1] as number];
    return [arrayOf(transposed(start, out, into), [into, out]), np.zeros([out])];
  });
  return { values, moments: shapes.map((shape) => np.zeros(shape)) };
}

type Net = (values: JaxArray[], x: JaxArray) => JaxArray;

const denseNet: Net = (values, x) => {
  let h = x;
  for (let k = 0; k < values.length; k += 2) {
    h = np.matmul(h, values[k] as JaxArray).add(values[k + 1] as JaxArray);
    if (k + 2 < values.length) h = nn.relu(h);
  }
  return h;
};

/** Loss, new values and new moments in one compiled function. */
const trainingStep = (net: Net) =>
  jit(
    (
      values: JaxArray[],
      moments: JaxArray[],
      x: JaxArray,
      y: JaxArray,
    ): [JaxArray, JaxArray[], JaxArray[]] => {
      const loss = (...[v, input, classes]: [JaxArray[], JaxArray, JaxArray]): JaxArray =>
        nn.logSoftmax(net(v, input)).mul(classes).sum(-1).mean().mul(-1);
      const [value, gradients] = valueAndGrad(loss)(
        values.map((v) => v.ref),
        x,
        y,
      );
      const next = moments.map((m, k) => m.mul(momentum).add(gradients[k] as JaxArray));
      return [value, values.map((v, k) => v.sub((next[k] as JaxArray).ref.mul(learningRate))), next];
    },
  );

/** Steps on one batch; the loss is read. */
function stepsOf(net: Net, start: Start, x: JaxArray, y: JaxArray): Ready {
  let { values, moments } = start;
  const train = trainingStep(net);
  const run = async (): Promise<number> => {
    const [value, nextValues, nextMoments] = train(values, moments, x.ref, y.ref);
    values = nextValues;
    moments = nextMoments;
    return (await value.data())[0] as number;
  };
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
  if (weight) throw notOffered('jax-js', { kind: 'step', widths, batch });
  const [width, classes] = [widths[0] as number, widths.at(-1) as number];
  const x = arrayOf(uniform(batch * width), [batch, width]);
  const y = arrayOf(oneHot(labels(batch, classes), classes), [batch, classes]);
  return stepsOf(denseNet, startOf(widths), x, y);
}

function layer({ width, out, batch, weight }: TaskOf<'layer'>): Ready {
  const count = weight ? Math.floor(out * width * (weight.options.ratio as number)) : out * width;
  if (weight && weight.scheme !== 'hashedNet') throw new Error(`jax-js: no idiom for ${weight.scheme}`);
  const tables = weight && hashTables(out * width, count);
  const places = tables && arrayOf(tables.places, [out * width]);
  const signs = tables && arrayOf(tables.signs, [out, width]);
  const decoded = (w: JaxArray): JaxArray =>
    places && signs ? np.take(w, places.ref).reshape([out, width]).mul(signs.ref) : w.reshape([out, width]);
  let w = arrayOf(uniform(count, 3, 0.05), [count]);
  let b = np.zeros([count]);
  const x = arrayOf(uniform(batch * width), [batch, width]);
  const dY = arrayOf(uniform(batch * out, 2, 1e-3), [batch, out]);
  const product = (stored: JaxArray, input: JaxArray): JaxArray =>
    np.matmul(input, decoded(stored).transpose()).mul(dY.ref).sum();
  const train = jit(
    (stored: JaxArray, moment: JaxArray, input: JaxArray): [JaxArray, JaxArray, JaxArray, JaxArray] => {
      const [value, [dW, dX]] = valueAndGrad(product, { argnums: [0, 1] })(stored.ref, input);
      const next = moment.mul(momentum).add(dW as JaxArray);
      return [value, stored.sub(next.ref.mul(1e-3)), next, dX as JaxArray];
    },
  );
  return {
    run: async () => {
      const [value, nextW, nextB, dX] = train(w, b, x.ref);
      w = nextW;
      b = nextB;
      await dX.blockUntilReady();
      dX.dispose();
      await value.data();
    },
  };
}

function forward({ width, out, batch, weight }: TaskOf<'forward'>): Ready {
  if (weight) throw notOffered('jax-js', { kind: 'forward', width, out, batch });
  const x = arrayOf(uniform(batch * width), [batch, width]);
  const w = arrayOf(uniform(width * out, 3, 0.05), [width, out]);
  const product = jit((a: JaxArray, b: JaxArray): JaxArray => np.matmul(a, b));
  return {
    run: async () => {
      const y = await product(x.ref, w.ref).blockUntilReady();
      y.dispose();
    },
  };
}

async function epoch({ examples, batch, weight }: TaskOf<'epoch'>): Promise<Ready> {
  if (weight) throw notOffered('jax-js', { kind: 'epoch', examples, batch });
  const { inputs, labels: classes } = await mnist(examples);
  const targets = oneHot(classes, 10);
  let { values, moments } = startOf([784, 1000, 10]);
  const train = trainingStep(denseNet);
  const draw = random(5);
  return {
    run: async () => {
      const order = draw.permutation(examples);
      for (let at = 0; at + batch <= examples; at += batch) {
        const x = new Float32Array(batch * 784);
        const y = new Float32Array(batch * 10);
        for (let k = 0; k < batch; k++) {
          const example = order[at + k] as number;
          x.set(inputs.subarray(example * 784, (example + 1) * 784), k * 784);
          y.set(targets.subarray(example * 10, (example + 1) * 10), k * 10);
        }
        const [value, nextValues, nextMoments] = train(
          values,
          moments,
          arrayOf(x, [batch, 784]),
          arrayOf(y, [batch, 10]),
        );
        values = nextValues;
        moments = nextMoments;
        await value.data();
      }
    },
  };
}

/** Kernels [out, in, 5, 5] with biases [out, 1, 1], then dense weights [in, out] with biases. */
function leNetStart(): Start {
  const shapes = leNetShapes.flatMap(({ rows, area, channels }, k) =>
    k < 2
      ? [
          [rows, channels, 5, 5],
          [rows, 1, 1],
        ]
      : [[area * channels, rows], [rows]],
  );
  const starts = leNetWeights('first');
  const values = shapes.map((shape, k) => {
    if (k % 2 === 1) return np.zeros(shape);
    const start = starts[k / 2] as Float32Array;
    if (k < 4) return arrayOf(start, shape);
    const [into, out] = shape as [number, number];
    return arrayOf(transposed(start, out, into), shape);
  });
  return { values, moments: shapes.map((shape) => np.zeros(shape)) };
}

const leNet: Net = ([k1, b1, k2, b2, ...rest], x) => {
  const [kernel1, bias1, kernel2, bias2] = [k1, b1, k2, b2] as [JaxArray, JaxArray, JaxArray, JaxArray];
  const pooled = (h: JaxArray): JaxArray => lax.reduceWindow(nn.relu(h), np.max, [2, 2], [2, 2]);
  const padding: [number, number][] = [
    [2, 2],
    [2, 2],
  ];
  const first = pooled(lax.conv(x, kernel1, [1, 1], padding).add(bias1));
  const second = pooled(lax.conv(first, kernel2, [1, 1], 'VALID').add(bias2));
  return denseNet(rest, second.reshape([-1, 400]));
};

function leNetStep({ batch, weights }: TaskOf<'leNetStep'>): Ready {
  if (weights) throw notOffered('jax-js', { kind: 'leNetStep', batch });
  const x = arrayOf(uniform(batch * 784), [batch, 1, 28, 28]);
  const y = arrayOf(oneHot(labels(batch, 10), 10), [batch, 10]);
  return stepsOf(leNet, leNetStart(), x, y);
}

function leNetForward({ batch, weights }: TaskOf<'leNetForward'>): Ready {
  if (weights) throw notOffered('jax-js', { kind: 'leNetForward', batch });
  const x = arrayOf(uniform(batch * 784), [batch, 1, 28, 28]);
  const { values } = leNetStart();
  const predict = jit(leNet);
  const kept = (): JaxArray[] => values.map((v) => v.ref);
  const run = (): Promise<Float32Array> => predict(kept(), x.ref).data();
  return { run, value: async () => (await run()).at(-1) as number };
}

type Step = (sums: JaxArray, product: JaxArray, state: JaxArray[]) => JaxArray[];

const lstmStep: Step = (sums, product, [, cell]) => {
  const [i, f, g, o] = np.split(sums.add(product), 4, -1) as [JaxArray, JaxArray, JaxArray, JaxArray];
  const next = nn
    .sigmoid(f.add(1))
    .mul(cell as JaxArray)
    .add(nn.sigmoid(i).mul(np.tanh(g)));
  return [nn.sigmoid(o).mul(np.tanh(next.ref)), next];
};

const gruStep: Step = (sums, product, [hidden]) => {
  const [zr, zu, zc] = np.split(sums, 3, -1) as [JaxArray, JaxArray, JaxArray];
  const [rr, ru, rc] = np.split(product, 3, -1) as [JaxArray, JaxArray, JaxArray];
  const candidate = np.tanh(zc.add(nn.sigmoid(zr.add(rr)).mul(rc)));
  const update = nn.sigmoid(zu.add(ru));
  return [candidate.ref.add(update.mul((hidden as JaxArray).sub(candidate)))];
};

/** There is no `scan`: the steps are written out, as its users do. */
const recurrentNet =
  ({ cell, hidden, steps, batch }: TaskOf<'recurrentStep'>): Net =>
  ([v, b, u, c, d, e], x) => {
    const [gates, step] = cell === 'lstm' ? [4, lstmStep] : [3, gruStep];
    const sums = np
      .matmul(x, v as JaxArray)
      .add(b as JaxArray)
      .reshape([steps, batch, gates * hidden]);
    let state = Array.from({ length: cell === 'lstm' ? 2 : 1 }, () => np.zeros([batch, hidden]));
    for (let k = 0; k < steps; k++) {
      const before = cell === 'gru' ? (state[0] as JaxArray).ref : (state[0] as JaxArray);
      const product = np.matmul(before, (u as JaxArray).ref);
      const biased = cell === 'gru' ? product.add((c as JaxArray).ref) : product;
      state = step(sums.ref.slice(k), biased, state);
    }
    return np.matmul(state[0] as JaxArray, d as JaxArray).add(e as JaxArray);
  };

function recurrentStep(task: TaskOf<'recurrentStep'>): Ready {
  const { cell, width, hidden, steps, batch, weight } = task;
  if (weight) throw notOffered('jax-js', task);
  const rows = (cell === 'lstm' ? 4 : 3) * hidden;
  const shapes = [[width, rows], [rows], [hidden, rows], [rows], [hidden, 10], [10]];
  const matrices = recurrentWeights(task);
  const values = shapes.map((shape, k) => {
    if (k % 2 === 1) return np.zeros(shape);
    const [into, out] = shape as [number, number];
    return arrayOf(transposed(matrices[k / 2] as Float32Array, out, into), shape);
  });
  const moments = shapes.map((shape) => np.zeros(shape));
  // [batch, steps, width] with the steps in front.
  const inputs = uniform(batch * steps * width);
  const inOrder = new Float32Array(inputs.length);
  for (let at = 0; at < batch; at++)
    for (let k = 0; k < steps; k++)
      inOrder.set(
        inputs.subarray((at * steps + k) * width, (at * steps + k + 1) * width),
        (k * batch + at) * width,
      );
  const y = arrayOf(oneHot(labels(batch, 10), 10), [batch, 10]);
  const net = recurrentNet(task);
  return stepsOf(net, { values, moments }, arrayOf(inOrder, [steps * batch, width]), y);
}
