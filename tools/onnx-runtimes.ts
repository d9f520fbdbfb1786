import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What is used of ONNX Runtime, in each of its forms. */
export interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads: number }; logLevel: string };
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: object): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: string, data: Float32Array | Int32Array, shape: readonly number[]) => object;
}

interface OnnxSession {
  readonly inputNames: readonly [string];
  readonly outputNames: readonly [string];
  run(feeds: object): Promise<Readonly<Record<string, { readonly data: Float32Array }>>>;
  release(): Promise<void>;
}

/** onnxruntime-web, on one thread. */
export async function onnxWeb(): Promise<OnnxRuntime> {
  const own = createRequire(new URL('../packages/export/package.json', import.meta.url));
  const runtime: OnnxRuntime = await import(pathToFileURL(own.resolve('onnxruntime-web/wasm')).href);
  runtime.env.wasm.numThreads = 1;
  runtime.env.logLevel = 'error';
  return runtime;
}

/** onnxruntime-node, which is there where benchmarks/rivals is installed (docs/decisions/0009-rivals-apart.md); else undefined. */
export async function onnxNode(): Promise<OnnxRuntime | undefined> {
  const rivals = createRequire(new URL('../benchmarks/rivals/package.json', import.meta.url));
  try {
    const runtime: OnnxRuntime = rivals('onnxruntime-node');
    runtime.env.logLevel = 'error';
    return runtime;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}

/** What a model gives for one input. */
export async function onnxOutput(
  { InferenceSession, Tensor }: OnnxRuntime,
  bytes: Uint8Array,
  input: Float32Array | Int32Array,
  shape: readonly number[],
): Promise<Float32Array> {
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: 'basic',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const type = input instanceof Float32Array ? 'float32' : 'int32';
  const { y } = await session.run({ x: new Tensor(type, input, shape) });
  await session.release();
  return y?.data ?? new Float32Array();
}
