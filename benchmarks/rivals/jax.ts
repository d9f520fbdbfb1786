// Every function of jax-js consumes its arguments; `.ref` keeps one for another use.

import { random } from '@funhash/hashing';
import { defaultDevice, init, type Array as JaxArray, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { hashTables, labels, mnist, oneHot, startWeights, transposed, uniform } from '../src/data.ts';
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

/** Weights [in, out] and biases, layer by layer, and as many zeros. */
function startOf(widths: readonly number[]): { values: JaxArray[]; moments: JaxArray[] } {
  const shapes = widths.slice(1).flatMap((out, k) => [[widths[k] as number, out], [out]]);
  const values = startWeights(widths).flatMap((start, k) => {
    const [into, out] = [widths[k] as number, widths[k + 1] as number];
    return [arrayOf(transposed(start, out, into), [into, out]), np.zeros([out])];
  });
  return { values, moments: shapes.map((shape) => np.zeros(shape)) };
}

function loss(values: JaxArray[], x: JaxArray, y: JaxArray): JaxArray {
  let h = x;
  for (let k = 0; k < values.length; k += 2) {
    h = np.matmul(h, values[k] as JaxArray).add(values[k + 1] as JaxArray);
    if (k + 2 < values.length) h = nn.relu(h);
  }
  return nn.logSoftmax(h).mul(y).sum(-1).mean().mul(-1);
}

/** Loss, new values and new moments in one compiled function. */
const trainingStep = () =>
  jit(
    (
      values: JaxArray[],
      moments: JaxArray[],
      x: JaxArray,
      y: JaxArray,
    ): [JaxArray, JaxArray[], JaxArray[]] => {
      const [value, gradients] = valueAndGrad(loss)(
        values.map((v) => v.ref),
        x,
        y,
      );
      const next = moments.map((m, k) => m.mul(momentum).add(gradients[k] as JaxArray));
      return [value, values.map((v, k) => v.sub((next[k] as JaxArray).ref.mul(learningRate))), next];
    },
  );

function step({ widths, batch, weight }: TaskOf<'step'>): Ready {
  if (weight) throw notOffered('jax-js', { kind: 'step', widths, batch });
  const [width, classes] = [widths[0] as number, widths.at(-1) as number];
  let { values, moments } = startOf(widths);
  const x = arrayOf(uniform(batch * width), [batch, width]);
  const y = arrayOf(oneHot(labels(batch, classes), classes), [batch, classes]);
  const train = trainingStep();
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
  const { images, labels: classes } = await mnist(examples);
  const targets = oneHot(classes, 10);
  let { values, moments } = startOf([784, 1000, 10]);
  const train = trainingStep();
  const draw = random(5);
  return {
    run: async () => {
      const order = draw.permutation(examples);
      for (let at = 0; at + batch <= examples; at += batch) {
        const x = new Float32Array(batch * 784);
        const y = new Float32Array(batch * 10);
        for (let k = 0; k < batch; k++) {
          const example = order[at + k] as number;
          x.set(images.subarray(example * 784, (example + 1) * 784), k * 784);
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
