// The one runner that is not a rival's.

import { setTimeout } from 'node:timers/promises';
import {
  Dense,
  GRU,
  gradientsOf,
  LSTM,
  type Module,
  matmul,
  multiply,
  type Parameter,
  Sequential,
  scope,
  slice,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  tensor,
  useBackend,
  type WeightRequest,
} from '@funhash/layers';
import { predictorFile } from '@funhash/layers/compile';
import { readCompiledPredictor, readPlainPredictor } from '@funhash/layers/predict';
import { leNet5, resNet } from '@funhash/models';
import * as schemes from '@funhash/space/schemes';
import { type Backend, bindPlan, PlanRecording } from '@funhash/tensor';
import { fit, predict, sgd } from '@funhash/training';
import { createBackend } from '@funhash/wasm';
import { binaryNet, signProduct } from './binary.ts';
import { labels, mnist, recurrentWeights, startWeights, uniform } from './data.ts';
import { leNetWeights } from './le-net.ts';
import { naiveBackend } from './naive-product.ts';
import { microKernelProbe, readProbe } from './probe.ts';
import {
  learningRate,
  momentum,
  type Ready,
  type Runner,
  type Task,
  type TaskOf,
  type WeightChoice,
} from './task.ts';

export interface Options {
  readonly threads: number;
  /** Matrix products as three loops. */
  readonly product?: 'naive';
  /** What runs in place of the backend. */
  readonly wrap?: (backend: Backend) => Backend;
}

export async function createRunner({ threads, product, ...options }: Options): Promise<Runner> {
  const { backend, wrap = (whole: Backend) => whole } =
    product === 'naive' ? naiveBackend() : { backend: createBackend({ threads }), ...options };
  await useBackend(wrap(backend), { strict: true });
  while (backend.workerUsage().started < backend.threads - 1) await setTimeout(5);
  return {
    prepare,
    memoryBytes: () => ({ ...backend.memoryUsage() }),
  };
}

async function prepare(task: Task): Promise<Ready> {
  switch (task.kind) {
    case 'probe':
      return microKernelProbe();
    case 'read':
      return readProbe(task);
    case 'product':
      return product(task);
    case 'signProduct':
      return signProduct(task);
    case 'binaryNet':
      return binaryNet(task);
    case 'step':
      return step(task);
    case 'layer':
      return layer(task);
    case 'forward':
      return forward(task);
    case 'epoch':
      return epoch(task);
    case 'fit':
      return stepsByFit(task);
    case 'predict':
      return prediction(task);
    case 'leNetStep':
      return leNetStep(task);
    case 'leNetForward':
      return leNetForward(task);
    case 'resNetFit':
      return resNetFit(task);
    case 'resNetForward':
      return resNetForward(task);
    case 'recurrentStep':
      return recurrentStep(task);
    case 'recurrentProducts':
      return recurrentProducts(task);
  }
}

function product({ m, k, n }: TaskOf<'product'>): Ready {
  const a = tensor(uniform(m * k), [m, k]);
  const b = tensor(uniform(k * n, 2), [k, n]);
  return {
    run: () => scope(() => void matmul(a, b)),
    value: () => scope(() => matmul(a, b).dataSync()[m * n - 1] as number),
  };
}

function requestOf({ scheme, options }: WeightChoice): WeightRequest {
  const make = (schemes as Readonly<Record<string, (options: object) => WeightRequest>>)[scheme];
  if (!make) throw new Error(`no scheme ${scheme}`);
  return make(options);
}

function netOf(widths: readonly number[], weight?: WeightChoice): Sequential {
  const starts = startWeights(widths);
  const last = widths.length - 2;
  const layers = starts.map((start, k) => {
    const shape = [widths[k + 1] as number, widths[k] as number] as const;
    const made = new Dense({
      in: shape[1],
      out: shape[0],
      ...(k < last && { activation: 'relu' }),
      ...(k === 0 && weight && { weight: requestOf(weight) }),
    });
    if (k > 0 || !weight) scope(() => made.weight.parameters[0]?.assign(tensor(start, shape)));
    return made;
  });
  return new Sequential(layers);
}

async function step({ widths, batch, weight, plan }: TaskOf<'step'>): Promise<Ready> {
  const width = widths[0] as number;
  const x = tensor(uniform(batch * width), [batch, width]);
  const classes = tensor(labels(batch, widths.at(-1) as number));
  const make = plan ? plannedStep : trainingStep;
  const run = await make(netOf(widths, weight), x, classes);
  return { run, ...(!weight && { value: () => [run(), run(), run()][2] as number }) };
}

/** One that gives its loss. */
async function trainingStep(net: Module, x: Tensor, classes: Tensor): Promise<() => number> {
  const optimizer = await sgd({ learningRate, momentum }).create(net.namedParameters());
  const wrt = net.parameters().map(({ value }) => value);
  return () =>
    scope(() => {
      const [loss, gradients] = gradientsOf(() => softmaxCrossEntropy(net.forward(x), classes), wrt);
      optimizer.update(gradients);
      return loss.item();
    });
}

/** The same step by a plan, whose inputs are set each time. Recording takes a step: what it moved is put back. */
async function plannedStep(net: Module, x: Tensor, t: Tensor): Promise<() => number> {
  const optimizer = await sgd({ learningRate, momentum }).create(net.namedParameters());
  const values = net.parameters().map(({ value }) => value);
  const before = values.map((value) => value.dataSync());
  const start = await optimizer.state();
  const [inputs, targets] = [x.dataSync(), t.dataSync<Int32Array>()];
  const scalars = optimizer.prepare?.() ?? [];
  const numbers = Object.fromEntries(scalars.map((list, k) => [String(k), list]));
  const bound = scope(() => {
    const recording = new PlanRecording({ inputs: { x, t }, numbers });
    const loss = recording.part(() => {
      const [value, gradients] = gradientsOf(() => softmaxCrossEntropy(net.forward(x), t), values);
      optimizer.update(gradients);
      return value;
    });
    return bindPlan(recording.finish({ loss }));
  });
  scope(() => {
    for (const [k, parameter] of net.parameters().entries())
      parameter.assign(tensor(before[k] as Float32Array, parameter.value.shape));
  });
  optimizer.restore(start);
  return () => {
    bound.set('x', inputs);
    bound.set('t', targets);
    const lists = optimizer.prepare?.() ?? [];
    for (const [k, list] of lists.entries()) bound.set(String(k), list);
    bound.run();
    optimizer.advance?.();
    return bound.readSync('loss')?.[0] as number;
  };
}

async function layer({ width, out, batch, weight }: TaskOf<'layer'>): Promise<Ready> {
  const made = new Dense({ in: width, out, bias: false, ...(weight && { weight: requestOf(weight) }) });
  const x = tensor(uniform(batch * width), [batch, width]);
  const dY = tensor(uniform(batch * out, 2, 1e-3), [batch, out]);
  const optimizer = await sgd({ learningRate: 1e-3, momentum }).create(made.namedParameters());
  const wrt: Tensor[] = [x, ...made.parameters().map(({ value }) => value)];
  return {
    run: () =>
      scope(() => {
        const [, [, ...gradients]] = gradientsOf(() => sum(multiply(made.forward(x), dY)), wrt);
        optimizer.update(gradients);
      }),
  };
}

function forward({ width, out, batch, weight, by }: TaskOf<'forward'>): Ready {
  const made = new Dense({ in: width, out, bias: false, ...(weight && { weight: requestOf(weight) }) });
  if (by === 'predict') return predicting(made, uniform(batch * width), batch);
  const x = tensor(uniform(batch * width), [batch, width]);
  return { run: () => scope(() => void made.forward(x)) };
}

async function epoch({ examples, batch, weight }: TaskOf<'epoch'>): Promise<Ready> {
  const { inputs, labels: classes } = await mnist(examples);
  const model = netOf([784, 1000, 10], weight);
  const optimizer = sgd({ learningRate, momentum });
  return {
    run: async () => {
      const data = { inputs, inputShape: [784], labels: classes };
      for await (const _ of fit({ model, data, batchSize: batch, epochs: 1, optimizer }));
    },
  };
}

function stepsByFit({ widths, batch, steps, weight, plans, checkGradients }: TaskOf<'fit'>): Ready {
  const [width, classes, count] = [widths[0] as number, widths.at(-1) as number, batch * steps * 20];
  const model = netOf(widths, weight);
  const data = { inputs: uniform(count * width), inputShape: [width], labels: labels(count, classes) };
  const optimizer = sgd({ learningRate, momentum });
  const config = { model, data, batchSize: batch, optimizer, plans, checkGradients };
  const events = fit({ ...config, epochs: 1e9, reportEverySteps: steps })[Symbol.asyncIterator]();
  return {
    run: async () => {
      while ((await events.next()).value?.type !== 'step');
    },
  };
}

async function prediction({ widths, batch, weight, by }: TaskOf<'predict'>): Promise<Ready> {
  const [model, width] = [netOf(widths, weight), widths[0] as number];
  const inputs = uniform(batch * width);
  if (by === 'code' || by === 'plan') {
    const file = await predictorFile(model, { input: [batch, width], by });
    const predictor = await (by === 'code' ? readCompiledPredictor(file) : readPlainPredictor(file));
    return { run: () => void predictor.predict(inputs) };
  }
  const options = { plans: by === 'plans', ...(by === 'layers, tile' && { decodedBytes: 0 }) };
  return { run: async () => void (await predict(model, inputs, { count: batch, ...options })) };
}

/** A call of `predict` as it is without options; the first ones, which record and decode, are not timed. */
function predicting(model: Module, inputs: Float32Array, count: number): Ready {
  return { run: async () => void (await predict(model, inputs, { count })) };
}

function leNetOf(weights: TaskOf<'leNetStep'>['weights']): Sequential {
  if (weights) {
    const requests = Object.entries(weights).map(([role, choice]) => [role, requestOf(choice)]);
    return leNet5({ weight: Object.fromEntries(requests) });
  }
  const net = leNet5();
  const matrices = net.parameters().filter(({ value }) => value.rank === 2);
  leNetWeights().forEach((start, k) => {
    const matrix = matrices[k] as Parameter;
    scope(() => matrix.assign(tensor(start, matrix.value.shape)));
  });
  return net;
}

async function leNetStep({ batch, weights, plan }: TaskOf<'leNetStep'>): Promise<Ready> {
  const x = tensor(uniform(batch * 784), [batch, 784]);
  const make = plan ? plannedStep : trainingStep;
  const run = await make(leNetOf(weights), x, tensor(labels(batch, 10)));
  return { run, ...(!weights && { value: () => [run(), run(), run()][2] as number }) };
}

function leNetForward({ batch, weights, by }: TaskOf<'leNetForward'>): Ready {
  const net = leNetOf(weights);
  if (by === 'predict') return predicting(net, uniform(batch * 784), batch);
  const x = tensor(uniform(batch * 784), [batch, 784]);
  const run = () => scope(() => net.forward(x).dataSync());
  return { run, ...(!weights && { value: () => run().at(-1) as number }) };
}

function resNetFit({ batch, weight }: TaskOf<'resNetFit'>): Ready {
  const model = resNet({ depth: 20, ...(weight && { weight: requestOf(weight) }) });
  const count = 4 * batch;
  const data = { inputs: uniform(count * 3072), inputShape: [3072], labels: labels(count, 10) };
  const optimizer = sgd({ learningRate, momentum });
  const config = { model, data, batchSize: batch, optimizer, epochs: 1e9, reportEverySteps: 1 };
  const events = fit(config)[Symbol.asyncIterator]();
  return {
    run: async () => {
      while ((await events.next()).value?.type !== 'step');
    },
  };
}

function resNetForward({ batch, weight }: TaskOf<'resNetForward'>): Ready {
  const model = resNet({ depth: 20, ...(weight && { weight: requestOf(weight) }) });
  return predicting(model, uniform(batch * 3072), batch);
}

async function recurrentStep(task: TaskOf<'recurrentStep'>): Promise<Ready> {
  const { cell, width, hidden, steps: length, batch, weight, plan } = task;
  const Layer = cell === 'lstm' ? LSTM : GRU;
  const layer = new Layer({
    in: width,
    hiddenSize: hidden,
    output: 'last',
    ...(weight && { weight: requestOf(weight) }),
  });
  const net = new Sequential([layer, new Dense({ in: hidden, out: 10 })]);
  const matrices = net.parameters().filter(({ value }) => value.rank === 2);
  if (!weight)
    recurrentWeights(task).forEach((start, k) => {
      const matrix = matrices[k] as Parameter;
      scope(() => matrix.assign(tensor(start, matrix.value.shape)));
    });
  const x = tensor(uniform(batch * length * width), [batch, length, width]);
  const run = await (plan ? plannedStep : trainingStep)(net, x, tensor(labels(batch, 10)));
  return { run, ...(!weight && { value: () => [run(), run(), run()][2] as number }) };
}

function recurrentProducts(task: TaskOf<'recurrentProducts'>): Ready {
  const { cell, width, hidden, steps: length, batch } = task;
  const rows = (cell === 'lstm' ? 4 : 3) * hidden;
  const [x, h] = [width, hidden].map((n, k) =>
    tensor(uniform(length * batch * n, 1 + k), [length * batch, n]),
  ) as [Tensor, Tensor];
  const [v, u] = recurrentWeights(task)
    .slice(0, 2)
    .map((values, k) => tensor(values, [rows, k === 0 ? width : hidden])) as [Tensor, Tensor];
  const dSums = tensor(uniform(length * batch * rows, 3), [length * batch, rows]);
  const [state, dSum] = [
    tensor(uniform(batch * hidden), [batch, hidden]),
    slice(dSums, [0, 0], [batch, rows]),
  ];
  return {
    run: () =>
      scope(() => {
        matmul(x, v, { transposeB: true });
        for (let step = 0; step < length; step++) matmul(state, u, { transposeB: true });
        for (let step = 0; step < length; step++) matmul(dSum, u);
        matmul(dSums, x, { transposeA: true });
        matmul(dSums, h, { transposeA: true });
      }),
  };
}
