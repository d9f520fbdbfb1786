import type { InferenceSession, Runtime } from 'onnxruntime-common';
import { uniform } from '../src/data.ts';
import { notOffered, type Ready, type Runner, type Task, type TaskOf } from '../src/task.ts';
import { leNetModel, matMulModel } from './onnx-model.ts';

export interface Options {
  readonly platform: 'web' | 'node';
  readonly threads: number;
}

export async function createRunner({ platform, threads }: Options): Promise<Runner> {
  const runtime = (await import(`onnxruntime-${platform}`)) as Runtime & { readonly default?: Runtime };
  const { InferenceSession, Tensor, TrainingSession, env } = runtime.InferenceSession
    ? runtime
    : (runtime.default as Runtime);
  env.logLevel = 'error';
  if (platform === 'web') env.wasm.numThreads = threads;
  const session = (model: Uint8Array): Promise<InferenceSession> =>
    InferenceSession.create(model, {
      executionProviders: [platform === 'web' ? 'wasm' : 'cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
    });

  async function product({ m, k, n }: TaskOf<'product'>): Promise<Ready> {
    const made = await session(matMulModel(m, k, n));
    const feeds = {
      a: new Tensor('float32', uniform(m * k), [m, k]),
      b: new Tensor('float32', uniform(k * n, 2), [k, n]),
    };
    return {
      run: () => made.run(feeds),
      value: async () => (await made.run(feeds)).c?.data[m * n - 1] as number,
    };
  }

  async function forward({ width, out, batch, weight }: TaskOf<'forward'>): Promise<Ready> {
    if (weight) throw notOffered('onnxruntime', { kind: 'forward', width, out, batch });
    const made = await session(matMulModel(batch, width, out, uniform(width * out, 3, 0.05)));
    const feeds = { a: new Tensor('float32', uniform(batch * width), [batch, width]) };
    return { run: () => made.run(feeds) };
  }

  async function leNetForward({ batch, weights }: TaskOf<'leNetForward'>): Promise<Ready> {
    if (weights) throw notOffered('onnxruntime', { kind: 'leNetForward', batch });
    const made = await session(leNetModel(batch));
    const feeds = { x: new Tensor('float32', uniform(batch * 784), [batch, 1, 28, 28]) };
    const run = async () => (await made.run(feeds)).y?.data as Float32Array;
    return { run, value: async () => (await run()).at(-1) as number };
  }

  async function prepare(task: Task): Promise<Ready> {
    if (task.kind === 'product') return product(task);
    if (task.kind === 'forward') return forward(task);
    if (task.kind === 'leNetForward') return leNetForward(task);
    if (task.kind === 'step') await TrainingSession.create({});
    throw notOffered('onnxruntime', task);
  }

  return { prepare, memoryBytes: () => ({}) };
}
