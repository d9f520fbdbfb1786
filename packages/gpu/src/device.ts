import { BackendError } from '@funhash/tensor';
import {
  type GlContext,
  type GpuJs,
  type GpuMode,
  type Held,
  type KernelFunction,
  type RunKernel,
  startGpuJs,
} from './gpu-js.ts';

/**
 * The device: arrays of f32 in textures, and kernels that make new arrays from them.
 *
 * An array is never written after it was made. `run` launches one kernel (one *pass*) and gives the array that it
 * computed; the kernel is found by `key`, or made by `build` when the key is new. Every kernel has one output of one
 * axis, so that element i of an array is `a[i]` in each kernel that reads it, whatever its shape is to tensors; a
 * kernel finds its own element by `this.thread.x`. Several results of one pass lie one behind the other in one array,
 * of which each is a `Region`.
 *
 * Sources are in the JavaScript that gpu.js translates, where every number is an f32: whole numbers are exact below
 * 2^24, the largest array (`longest`). Shapes and strides are written into the source as numbers, so that loops have
 * constant bounds; what changes between launches of one kernel (offsets, scalars) comes as numeric arguments.
 * A key must tell apart everything that `build` depends on except the lengths of array arguments, which `run` adds.
 */
export class Device {
  readonly mode: GpuMode;
  readonly #gpu: GpuJs;
  readonly #kernels = new Map<string, Kernel>();
  readonly #counters = { passes: 0, kernels: 0, uploadedBytes: 0, readBytes: 0, reads: 0 };
  #arrays = 0;
  #arrayBytes = 0;
  #mostArrayBytes = 0;
  #context: GlContext | undefined;

  private constructor(gpu: GpuJs, mode: GpuMode) {
    this.#gpu = gpu;
    this.mode = mode;
  }

  /**
   * @throws BackendError where gpu.js is missing, the mode does not work here, or gpu.js would run another one
   */
  static async start(mode: GpuMode): Promise<Device> {
    const device = new Device(await startGpuJs(mode), mode);
    device.#probe();
    return device;
  }

  /** Counts since the start, and what lives now. */
  get counters(): DeviceCounters {
    return {
      ...this.#counters,
      arrays: this.#arrays,
      arrayBytes: this.#arrayBytes,
      mostArrayBytes: this.#mostArrayBytes,
    };
  }

  /**
   * Runs the kernel `key` on `args`, made by `build` if no kernel has that key and arguments of these lengths.
   *
   * @returns an array with one owner: the caller
   * @throws BackendError where the context is lost, or gpu.js refuses the kernel
   */
  run(key: string, args: readonly (Elements | number)[], build: () => KernelSource): DeviceArray {
    this.#requireContext();
    let id = key;
    for (const arg of args)
      if (arg instanceof Float32Array) {
        id += `,^${arg.length}`;
        this.#counters.uploadedBytes += arg.byteLength;
      } else if (typeof arg !== 'number') id += `,${arg.length}`;
    let kernel = this.#kernels.get(id);
    if (!kernel) {
      kernel = this.#make(build());
      this.#kernels.set(id, kernel);
    }
    return this.#launch(kernel, args);
  }

  /** The values as an array on the device, in one pass. */
  upload(values: Float32Array): DeviceArray {
    return this.run('upload', [values], () => ({
      length: values.length,
      source: 'function (a) { return a[this.thread.x]; }',
    }));
  }

  /** A copy of the elements of an array, once all passes before it have run. */
  read(array: DeviceArray): Float32Array {
    this.#requireContext();
    const { held } = array;
    this.#counters.reads++;
    this.#counters.readBytes += array.length * 4;
    // WebGL tells of a lost context by zeros.
    const values = held instanceof Float32Array ? held.slice() : this.#result(() => held.toArray());
    this.#requireContext();
    return values;
  }

  /** Frees everything; the device cannot be used afterwards. */
  async close(): Promise<void> {
    this.#kernels.clear();
    await this.#gpu.destroy();
  }

  #launch({ run, length }: Kernel, args: readonly (Elements | number)[]): DeviceArray {
    this.#counters.passes++;
    const held = this.#result(() => run(...args.map((arg) => (arg instanceof DeviceArray ? arg.held : arg))));
    this.#requireMode(run);
    this.#arrays++;
    this.#arrayBytes += length * 4;
    this.#mostArrayBytes = Math.max(this.#mostArrayBytes, this.#arrayBytes);
    return new DeviceArray(length, held, () => {
      this.#arrays--;
      this.#arrayBytes -= length * 4;
    });
  }

  #make({ source, length, functions, native }: KernelSource): Kernel {
    if (length > longest)
      throw new BackendError({
        operation: 'gpu kernel',
        expected: `at most ${longest} elements in an array`,
        actual: String(length),
        remedy: 'Use smaller batches or layers, or the backend wasm.',
      });
    this.#counters.kernels++;
    const run = this.#gpu.createKernel(source, {
      output: [length],
      pipeline: true,
      immutable: true,
      precision: 'single',
      tactic: 'precision',
      loopMaxIterations: longest,
      fixIntegerDivisionAccuracy: false,
      ...(functions && { functions }),
      ...(native && nativeSettings(native, this.mode)),
    });
    return { run, length };
  }

  // Without a context, or without memory for a texture, gpu.js fails in many ways.
  #result<T>(body: () => T): T {
    try {
      return body();
    } catch (cause) {
      this.#requireContext();
      const remedy = 'Use smaller batches or layers, or the backend wasm.';
      const actual = cause instanceof Error ? cause.message : String(cause);
      throw new BackendError(
        { operation: 'gpu', expected: 'a kernel that this device takes', actual, remedy },
        { cause },
      );
    }
  }

  // gpu.js can fall back to another class of kernels, and does not say so.
  #requireMode({ kernel }: RunKernel): void {
    if (this.#gpu.mode === this.mode && kernel.constructor === this.#gpu.Kernel) return;
    throw new BackendError({
      operation: 'useBackend gpu',
      expected: `kernels of mode ${this.mode}`,
      actual: `one of ${kernel.constructor.name}`,
      remedy: 'Choose a mode that this machine has, or the backend wasm.',
    });
  }

  // Without floating-point render targets gpu.js stores bytes, or refuses the kernel.
  #probe(): void {
    const refusal = (actual: string, cause?: unknown): BackendError =>
      new BackendError(
        {
          operation: 'useBackend gpu',
          expected: 'results in single precision',
          actual,
          remedy:
            'Use a device with floating-point render targets (EXT_color_buffer_float), or the backend wasm.',
        },
        { cause },
      );
    const kernel = this.#make({ length: 3, source: 'function () { return this.thread.x + 0.1; }' });
    let array: DeviceArray;
    try {
      array = this.#launch(kernel, []);
    } catch (cause) {
      throw refusal(cause instanceof Error ? cause.message : String(cause), cause);
    }
    this.#context = kernel.run.kernel.context ?? undefined;
    const found = this.read(array)[2] as number;
    array.release();
    if (Math.abs(found - 2.1) > 1e-6) throw refusal(`${found} for 2.1`);
  }

  #requireContext(): void {
    if (this.#context?.isContextLost())
      throw new BackendError({
        operation: 'gpu',
        expected: 'a live WebGL context',
        actual: 'one that the browser or driver took back, with everything in it',
        remedy: 'Start the backend again with useBackend and resume from the last checkpoint.',
      });
  }
}

/** Elements of the longest array: a whole number is exact in f32 up to here. */
export const longest = 2 ** 24;

export interface KernelSource {
  /** `function (a, b, s) { … return …; }`, of the arguments in order. */
  readonly source: string;
  /** Elements of the result. */
  readonly length: number;
  readonly functions?: readonly KernelFunction[];
  readonly native?: NativeCode;
}

/** Functions of floats in the language below gpu.js: GLSL ES 3.00 in mode `webgl2`, ES 1.00 in `headlessgl`, else script. */
export interface NativeCode {
  readonly text: string;
  /** Those of the text that the source of the kernel calls. */
  readonly callable: readonly { readonly name: string; readonly parameters: readonly string[] }[];
}

// gpu.js orders the sources of native functions as it likes: they are injected as one text, and declared by stand-ins.
function nativeSettings({ text, callable }: NativeCode, mode: GpuMode) {
  const nativeFunctions = callable.map(({ name, parameters }) => ({
    name,
    source: mode === 'cpu' ? `function ${name}IsNative() {}` : `// ${name} is native.`,
    returnType: 'Number',
    argumentTypes: Object.fromEntries(parameters.map((parameter) => [parameter, 'Number'])),
  }));
  return { injectedNative: text, nativeFunctions };
}

export interface DeviceCounters {
  /** Kernel launches, uploads among them. */
  readonly passes: number;
  /** Kernels made. */
  readonly kernels: number;
  readonly uploadedBytes: number;
  readonly reads: number;
  readonly readBytes: number;
  /** Arrays alive, each a texture. */
  readonly arrays: number;
  readonly arrayBytes: number;
  /** The most that `arrayBytes` has been. */
  readonly mostArrayBytes: number;
}

/** What kernels read: an array of the device, or one of the host that goes up with this launch. */
export type Elements = DeviceArray | Float32Array;

interface Kernel {
  readonly run: RunKernel;
  readonly length: number;
}

/** Elements on the device, shared by its owners and freed with the last of them. */
export class DeviceArray {
  readonly length: number;
  readonly held: Held;
  readonly #freed: () => void;
  #owners = 1;
  #derived: Map<string, Derived> | undefined;

  constructor(length: number, held: Held, freed: () => void) {
    this.length = length;
    this.held = held;
    this.#freed = freed;
  }

  /** One more owner. */
  retain(): this {
    this.#owners++;
    return this;
  }

  /** One owner less. */
  release(): void {
    if (--this.#owners > 0) return;
    if (!(this.held instanceof Float32Array)) this.held.delete();
    this.#freed();
    for (const { array } of this.#derived?.values() ?? []) array.release();
  }

  /** What `keep` was given under `key`, if it was computed from the same arrays. */
  derived(key: string, others: readonly DeviceArray[]): DeviceArray | undefined {
    const found = this.#derived?.get(key);
    return found?.others.every((other, k) => other === others[k]) ? found.array : undefined;
  }

  /** Keeps an array computed from this one and `others` as long as this one lives; takes it over from the caller. */
  keep(key: string, others: readonly DeviceArray[], array: DeviceArray): void {
    this.#derived ??= new Map();
    this.#derived.get(key)?.array.release();
    this.#derived.set(key, { others, array });
  }
}

interface Derived {
  readonly others: readonly DeviceArray[];
  readonly array: DeviceArray;
}
