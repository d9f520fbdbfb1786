import { BackendError } from '@funhash/tensor';

/** What this package uses of gpu.js, whose own types leave out settings and take only functions for sources. */
export interface GpuJs {
  readonly mode: string;
  /** The class of the kernels of the mode. */
  readonly Kernel: unknown;
  createKernel(source: string, settings: KernelSettings): RunKernel;
  destroy(): Promise<void>;
}

/** A function that kernels of any mode can call, in the JavaScript that gpu.js translates. */
export interface KernelFunction {
  readonly name: string;
  readonly source: string;
  readonly argumentTypes: readonly string[];
  readonly returnType: string;
}

/** Declares a function that is part of `injectedNative`. */
interface NativeFunction {
  readonly name: string;
  readonly source: string;
  readonly argumentTypes: Readonly<Record<string, string>>;
  readonly returnType: string;
}

export interface KernelSettings {
  readonly output: readonly number[];
  readonly functions?: readonly KernelFunction[];
  readonly nativeFunctions?: readonly NativeFunction[];
  readonly injectedNative?: string;
  readonly pipeline: boolean;
  readonly immutable: boolean;
  readonly precision: 'single';
  readonly tactic: 'precision';
  readonly loopMaxIterations: number;
  readonly fixIntegerDivisionAccuracy: boolean;
}

/** An array on the device: in mode `cpu` a plain one. */
export type Held = Float32Array | Texture;

export interface Texture {
  readonly size: ArrayLike<number>;
  toArray(): Float32Array;
  delete(): void;
}

export interface RunKernel {
  (...args: readonly (Held | number)[]): Held;
  readonly kernel: { readonly constructor: { readonly name: string }; readonly context?: GlContext | null };
  destroy(): void;
}

/** What this package calls on a rendering context itself. */
export interface GlContext {
  isContextLost(): boolean;
}

/** The places where kernels run: WebGL2 in browsers, WebGL over a native library in Node, or plain JavaScript, for debugging. */
export const gpuModes = ['webgl2', 'headlessgl', 'cpu'] as const;

export type GpuMode = (typeof gpuModes)[number];

const remedies: Readonly<Record<GpuMode, string>> = {
  webgl2:
    'Use a browser with WebGL2 and floating-point render targets (EXT_color_buffer_float), or another backend.',
  headlessgl:
    'Install the package gl with its build script allowed, and run under an X display: xvfb-run -a node …',
  cpu: 'Use the backend wasm.',
};

/**
 * Loads gpu.js and starts it in a mode.
 *
 * @throws BackendError where gpu.js is not installed, or the mode does not work here
 */
export async function startGpuJs(mode: GpuMode): Promise<GpuJs> {
  const GPU = await load();
  try {
    return new GPU({ mode });
  } catch (cause) {
    throw new BackendError(
      {
        operation: 'useBackend gpu',
        expected: `mode ${mode} of gpu.js`,
        actual: `not supported here (${String(cause)})`,
        remedy: remedies[mode],
      },
      { cause },
    );
  }
}

type Constructor = new (options: { readonly mode: GpuMode }) => GpuJs;

async function load(): Promise<Constructor> {
  let cause: unknown;
  try {
    const found = (await import('gpu.js')) as unknown as Exports;
    // A CommonJS module: where its exports lie depends on who loads it.
    const GPU = found.GPU ?? found.default?.GPU ?? found.default;
    if (typeof GPU === 'function') return GPU;
  } catch (error) {
    cause = error;
  }
  throw new BackendError(
    {
      operation: 'useBackend gpu',
      expected: 'the package gpu.js, which @funhash/gpu runs on',
      actual: cause === undefined ? 'a package without the class GPU' : unloaded(cause),
      remedy: 'Install it: npm i gpu.js',
    },
    { cause },
  );
}

// Engines and bundlers name a missing package in ways of their own; what is no known one is passed on.
function unloaded(cause: unknown): string {
  const isMissing = (cause as { readonly code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
  return isMissing ? 'no such package here' : `one that does not load here (${String(cause)})`;
}

interface Exports {
  readonly GPU?: Constructor;
  readonly default?: Constructor & { readonly GPU?: Constructor };
}

/** The mode for where this runs: `webgl2` in browsers, else `headlessgl`. */
export function defaultMode(): GpuMode {
  return 'OffscreenCanvas' in globalThis || 'document' in globalThis ? 'webgl2' : 'headlessgl';
}
