import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { type Backend, type Kernels, type TypedArray, withFallback } from '@funhash/tensor';
import type { GpuContext } from './context.ts';
import { Device, type DeviceCounters, longest } from './device.ts';
import { defaultMode, type GpuMode, gpuModes } from './gpu-js.ts';
import { EntryTables } from './kernels/entry-tables.ts';
import { copyKernel, fillKernel } from './kernels/fill-copy.ts';
import { mapKernel } from './kernels/map.ts';
import { matmulKernel } from './kernels/matmul.ts';
import { argMaxKernel, logSumExpKernel, reduceKernel } from './kernels/reduce.ts';
import { gatherKernel, scatterAddKernel } from './kernels/rows.ts';
import { packSignsKernel, signMatmulKernel } from './kernels/signs.ts';
import { defaultStripEntries } from './kernels/strips.ts';
import {
  foldRowsKernel,
  virtualFoldKernel,
  virtualMatmulKernel,
  virtualRowsKernel,
} from './kernels/virtual.ts';
import { GpuBuffer, Memory } from './memory.ts';

/**
 * The GPU backend, on gpu.js. Tensors are textures; values are read back only by `await tensor.data()`. f32 computes
 * on the GPU; f64, packed signs and layouts that no window reaches go to the reference on the host, counted.
 */
export interface GpuBackend extends Backend {
  readonly name: 'gpu';
  readonly mode: GpuMode;
  /** Passes, bytes and read-backs since the start, and textures alive. */
  counters(): DeviceCounters;
  /** Frees everything on the GPU. */
  close(): Promise<void>;
}

const rules = {
  /** The place where kernels run: `webgl2`, `headlessgl` or `cpu`. Default `webgl2` in browsers, `headlessgl` elsewhere. */
  mode: option.oneOf(gpuModes),
  /**
   * Entries of a virtual matrix, and of its gradient, that are on the device together: larger ones are worked on in
   * strips of whole rows. Default 2²², textures of 16 MB.
   */
  stripEntries: option.integer({ least: 1, most: longest }),
};

export type GpuOptions = OptionsOf<typeof rules>;

declare module '@funhash/tensor' {
  interface BackendTypes {
    readonly gpu: { readonly backend: GpuBackend; readonly options: GpuOptions };
  }
}

/**
 * Starts a backend with a context of its own.
 *
 * @throws ArgumentError for options that it does not take, an unknown mode among them
 * @throws BackendError where gpu.js is not installed, the mode does not work here, or floats cannot be rendered
 */
export async function createBackend(options: GpuOptions = {}): Promise<GpuBackend> {
  checkOptions('useBackend gpu', rules, options);
  const { mode = defaultMode(), stripEntries = defaultStripEntries } = options;
  const device = await Device.start(mode);
  const memory = new Memory(device);
  const storage = storageIn(memory);
  const tables = new EntryTables(device, stripEntries);
  return {
    ...storage,
    ...withFallback(
      { ...storage, host: (buffer) => memory.moveToHost(buffer) },
      (onReference) => kernelsOf({ device, memory, tables, stripEntries, onReference }),
      { dtypes: ['f32', 'i32'] },
    ),
    mode: device.mode,
    counters: () => device.counters,
    close: () => device.close(),
  };
}

function storageIn(memory: Memory) {
  return {
    name: 'gpu',
    allocate: (dtype, length) => new GpuBuffer(dtype, length),
    free: (buffer) => memory.forget(buffer as GpuBuffer),
    upload: (buffer, values) => memory.upload(buffer as GpuBuffer, values),
    download: async (buffer) => memory.hostOf(buffer).slice() as TypedArray,
  } as const satisfies Omit<Backend, 'kernels'>;
}

function kernelsOf(context: GpuContext): Partial<Kernels> {
  return {
    fill: fillKernel(context),
    copy: copyKernel(context),
    map: mapKernel(context),
    reduce: reduceKernel(context),
    argMax: argMaxKernel(context),
    matmul: matmulKernel(context),
    gather: gatherKernel(context),
    scatterAdd: scatterAddKernel(context),
    logSumExp: logSumExpKernel(context),
    virtualRows: virtualRowsKernel(context),
    foldRows: foldRowsKernel(context),
    virtualMatmul: virtualMatmulKernel(context),
    virtualFold: virtualFoldKernel(context),
    packSigns: packSignsKernel(context),
    signMatmul: signMatmulKernel(context),
  };
}
