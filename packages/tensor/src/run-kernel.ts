import type { Backend, DeviceBuffer, Kernels, View } from './backend.ts';
import { BackendError } from './errors.ts';
import { recorder, setRecorder } from './recorder.ts';
import { referenceKernels } from './reference/kernels.ts';
import type { HostBuffer } from './reference/views.ts';

export type KernelName = keyof Kernels;

const fallbacks = new Map<string, number>();
let strict = false;

/** How often a kernel ran on the reference because its backend lacks it, by `backend.kernel`. */
export function fallbackCounts(): Readonly<Record<string, number>> {
  return Object.fromEntries(fallbacks);
}

/** Turns strict mode on or off: under it a kernel that the backend lacks throws instead of running on the reference. */
export function setStrict(on: boolean): void {
  strict = on;
}

/** Runs a kernel on its backend, or on the reference over the backend's host memory. */
export function runKernel<K extends KernelName>(
  backend: Backend,
  name: K,
  args: Parameters<Kernels[K]>,
): void {
  if (recorder) runRecorded(backend, name, args);
  else run(backend, name, args);
}

function run<K extends KernelName>(backend: Backend, name: K, args: Parameters<Kernels[K]>): void {
  const kernel = backend.kernels[name] as ((...args: Parameters<Kernels[K]>) => void) | undefined;
  if (kernel) kernel.apply(backend.kernels, args);
  else fallBack(backend, name, args);
}

// What a kernel does by itself, such as handing over to the reference, is part of its call.
function runRecorded<K extends KernelName>(backend: Backend, name: K, args: Parameters<Kernels[K]>): void {
  recorder?.onCall(backend, name, args);
  const own = setRecorder(undefined);
  try {
    run(backend, name, args);
  } finally {
    setRecorder(own);
  }
}

/** A kernel with arguments that were checked, and the tensor `out` that it fills. */
export interface KernelCall<K extends KernelName, Out> {
  readonly backend: Backend;
  readonly name: K;
  readonly args: Parameters<Kernels[K]>;
  readonly out: Out;
}

/** Runs a call and returns what it filled. */
export function runCall<K extends KernelName, Out>({ backend, name, args, out }: KernelCall<K, Out>): Out {
  runKernel(backend, name, args);
  return out;
}

function fallBack<K extends KernelName>(backend: Backend, name: K, args: Parameters<Kernels[K]>): void {
  const { host } = backend;
  if (strict || !host)
    throw new BackendError({
      operation: name,
      expected: `a kernel of backend ${backend.name}`,
      actual: strict ? 'none, in strict mode' : 'none, and memory that the reference cannot reach',
    });
  const counter = `${backend.name}.${name}`;
  fallbacks.set(counter, (fallbacks.get(counter) ?? 0) + 1);
  const kernel = referenceKernels[name] as (...args: unknown[]) => void;
  kernel(...args.map((arg) => onHost(arg, (buffer) => host.call(backend, buffer))));
}

// Kernel arguments are views, lists and records of views, and plain values: only the buffers change.
function onHost(arg: unknown, host: (buffer: DeviceBuffer) => HostBuffer['data']): unknown {
  if (Array.isArray(arg)) return arg.map((member) => onHost(member, host));
  if (typeof arg !== 'object' || arg === null) return arg;
  if (isView(arg)) {
    const { dtype, shape, strides, offset, buffer } = arg;
    return { dtype, shape, strides, offset, buffer: { dtype, length: buffer.length, data: host(buffer) } };
  }
  if (Object.getPrototypeOf(arg) !== Object.prototype) return arg;
  return Object.fromEntries(Object.entries(arg).map(([key, member]) => [key, onHost(member, host)]));
}

function isView(arg: object): arg is View {
  return 'buffer' in arg && 'strides' in arg;
}
