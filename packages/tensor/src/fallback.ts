import type { Backend, Kernels, View } from './backend.ts';
import type { DType } from './dtype.ts';
import { referenceKernels } from './reference/kernels.ts';
import { type KernelName, runKernel } from './run-kernel.ts';

/** Runs a call of a kernel on the reference, over the memory of a backend: counted, and refused in strict mode. */
export type OnReference = <K extends KernelName>(name: K, args: Parameters<Kernels[K]>) => void;

interface FallbackOptions {
  /** The dtypes that the kernels take: a call with an operand of another one goes to the reference. Default all. */
  readonly dtypes?: readonly DType[];
}

/**
 * The kernels of a backend, completed by the reference: kernels that it lacks, calls with operands of other dtypes, and
 * calls that a kernel hands over itself run there.
 *
 * @returns `kernels`, and in `lacks` the names of those that always run on the reference: both are fields of a backend
 * @param memory of the backend, with `host`: what the reference reads and writes
 * @param build makes the backend's own kernels; they hand over by `onReference` what they are not made for
 */
export function withFallback(
  memory: Omit<Backend, 'kernels'>,
  build: (onReference: OnReference) => Partial<Kernels>,
  { dtypes }: FallbackOptions = {},
): Pick<Backend, 'lacks'> & { readonly kernels: Kernels } {
  // A backend without kernels of its own: `runKernel` finds none, and counts.
  const bare: Backend = { ...memory, kernels: {} };
  const onReference: OnReference = (name, args) => runKernel(bare, name, args);
  const own = build(onReference);
  const completed = <K extends KernelName>(name: K): ((...args: Parameters<Kernels[K]>) => void) => {
    const kernel = own[name] as ((...args: Parameters<Kernels[K]>) => void) | undefined;
    if (!kernel) return (...args) => onReference(name, args);
    if (!dtypes) return kernel;
    return (...args) => {
      if (args.every((arg) => hasOnly(dtypes, arg))) kernel(...args);
      else onReference(name, args);
    };
  };
  const names = Object.keys(referenceKernels) as KernelName[];
  const kernels = Object.fromEntries(names.map((name) => [name, completed(name)])) as unknown as Kernels;
  return { kernels, lacks: names.filter((name) => !own[name]) };
}

/** Whether all views in an argument, a list or the stored values of a virtual matrix, have one of the dtypes. */
function hasOnly(dtypes: readonly DType[], arg: unknown): boolean {
  if (typeof arg !== 'object' || arg === null) return true;
  if (Array.isArray(arg)) return arg.every((member) => hasOnly(dtypes, member));
  if ('buffer' in arg) return dtypes.includes((arg as View).dtype);
  return !('stored' in arg) || hasOnly(dtypes, arg.stored);
}
