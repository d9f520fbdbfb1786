// What the benchmarks use of the rivals, so that types are checked without installing them.

declare module '@tensorflow/tfjs' {
  export interface Tensor {
    data(): Promise<Float32Array>;
    dataSync(): Float32Array;
    dispose(): void;
    sub(other: Tensor): Tensor;
    add(other: Tensor): Tensor;
    mul(other: Tensor | number): Tensor;
    reshape(shape: number[]): Tensor;
  }
  export interface Variable extends Tensor {
    assign(value: Tensor): void;
  }
  export interface Layer {
    setWeights(weights: Tensor[]): void;
  }
  export interface Sequential {
    readonly layers: readonly Layer[];
    compile(options: { optimizer: unknown; loss: (labels: Tensor, predictions: Tensor) => Tensor }): void;
    trainOnBatch(x: Tensor, y: Tensor): Promise<number>;
    predictOnBatch(x: Tensor): Tensor;
    fit(
      x: Tensor,
      y: Tensor,
      options: { epochs: number; batchSize: number; verbose: 0; shuffle: boolean },
    ): Promise<unknown>;
  }
  interface RecurrentOptions {
    units: number;
    inputShape: number[];
    recurrentActivation: 'sigmoid';
  }
  export const layers: {
    dense(options: { units: number; inputShape?: number[]; activation?: 'relu' }): Layer;
    conv2d(options: {
      filters: number;
      kernelSize: number;
      inputShape?: number[];
      padding?: 'same';
      activation?: 'relu';
    }): Layer;
    maxPooling2d(options: { poolSize: number; strides: number }): Layer;
    flatten(): Layer;
    lstm(options: RecurrentOptions): Layer;
    gru(options: RecurrentOptions): Layer;
  };
  export const train: { momentum(learningRate: number, momentum: number): unknown };
  export const losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  export function sequential(options: { layers: Layer[] }): Sequential;
  export function setBackend(name: string): Promise<boolean>;
  export function tensor(values: Float32Array | Int32Array, shape: number[], dtype?: 'int32'): Tensor;
  export function variable(start: Tensor): Variable;
  export function zeros(shape: number[]): Tensor;
  export function matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  export function gather(x: Tensor, indices: Tensor): Tensor;
  export function mul(a: Tensor, b: Tensor): Tensor;
  export function sum(x: Tensor): Tensor;
  export function grads(f: (...x: Tensor[]) => Tensor): (x: Tensor[]) => Tensor[];
  export function customGrad(
    f: (x: Tensor) => { value: Tensor; gradFunc: (cotangent: Tensor) => Tensor },
  ): (x: Tensor) => Tensor;
  export function bincount(places: Tensor, weights: Tensor, size: number): Tensor;
  export function tidy<T>(body: () => T): T;
  export function memory(): { numBytes: number };
  export function profile(body: () => unknown): Promise<{ peakBytes: number }>;
}

declare module '@tensorflow/tfjs-backend-wasm' {
  export function setThreadsCount(count: number): void;
}

declare module '@tensorflow/tfjs-core' {
  export { losses, setBackend, train, zeros } from '@tensorflow/tfjs';
}

declare module '@tensorflow/tfjs-layers' {
  export { layers, sequential } from '@tensorflow/tfjs';
}

declare module '@jax-js/jax' {
  export interface Array {
    readonly ref: this;
    add(other: Array | number): Array;
    sub(other: Array | number): Array;
    mul(other: Array | number): Array;
    sum(axis?: number): Array;
    mean(): Array;
    reshape(shape: number[]): Array;
    transpose(): Array;
    slice(at: number): Array;
    data(): Promise<Float32Array>;
    blockUntilReady(): Promise<Array>;
    dispose(): void;
  }
  type Tree = Array | Tree[];
  export const numpy: {
    array(values: Float32Array | Int32Array, options?: { shape?: number[] }): Array;
    matmul(a: Array, b: Array): Array;
    take(x: Array, indices: Array, axis?: number): Array;
    zeros(shape: number[]): Array;
    max(x: Array): Array;
    split(x: Array, parts: number, axis: number): Array[];
    tanh(x: Array): Array;
  };
  export const lax: {
    conv(x: Array, kernel: Array, strides: number[], padding: 'VALID' | [number, number][]): Array;
    reduceWindow(x: Array, reduce: (window: Array) => Array, window: number[], strides: number[]): Array;
  };
  export const nn: { relu(x: Array): Array; sigmoid(x: Array): Array; logSoftmax(x: Array): Array };
  export function init(...devices: string[]): Promise<string[]>;
  export function defaultDevice(device: string): string;
  export function jit<F extends (...values: never[]) => Tree>(f: F): F;
  export function valueAndGrad<A extends unknown[]>(
    f: (...values: A) => Array,
    options?: { argnums: number[] },
  ): (...values: A) => [Array, Array[]];
}

declare module 'onnxruntime-common' {
  export class Tensor {
    constructor(type: 'float32' | 'int32', data: Float32Array | Int32Array, dims: readonly number[]);
    readonly data: Float32Array;
  }
  export interface InferenceSession {
    run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
    release(): Promise<void>;
  }
  export const InferenceSession: Runtime['InferenceSession'];
  export const env: Runtime['env'];
  export interface SessionOptions {
    executionProviders?: string[];
    graphOptimizationLevel?: 'disabled' | 'basic' | 'extended' | 'all';
    intraOpNumThreads?: number;
    interOpNumThreads?: number;
  }
  export interface Runtime {
    readonly Tensor: typeof Tensor;
    readonly InferenceSession: {
      create(model: Uint8Array, options: SessionOptions): Promise<InferenceSession>;
    };
    readonly TrainingSession: { create(options: object): Promise<unknown> };
    readonly env: { wasm: { numThreads: number }; logLevel: string };
  }
}

declare module 'onnxruntime-web' {
  export const Tensor: import('onnxruntime-common').Runtime['Tensor'];
  export const InferenceSession: import('onnxruntime-common').Runtime['InferenceSession'];
}

declare module 'onnxruntime-node' {
  export const Tensor: import('onnxruntime-common').Runtime['Tensor'];
  export const InferenceSession: import('onnxruntime-common').Runtime['InferenceSession'];
}

declare module 'brain.js' {
  interface Sample {
    input: ArrayLike<number>;
    output: ArrayLike<number>;
  }
  class NeuralNetwork {
    constructor(options: { hiddenLayers: number[]; activation: string });
    train(
      samples: Sample[],
      options: { iterations: number; errorThresh: number; learningRate: number; momentum: number },
    ): { error: number };
    run(input: ArrayLike<number>): ArrayLike<number>;
  }
  const brain: { NeuralNetwork: typeof NeuralNetwork };
  export default brain;
}
