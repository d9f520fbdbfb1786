import { tracePointwise } from '@funhash/formula';
import { type BoundPlan, matmulCall, runCall, type Tensor, tensor } from '@funhash/tensor';
import type { WasmBackend } from '../backend.ts';

/** What the specs of bound plans record, and how they run it. */

export const wave = (shape: readonly number[], phase = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + phase)),
    shape,
  );

/** w − rate · g. */
export const scaled = tracePointwise(2, 1, ([w, g], [rate]) => {
  if (!w || !g || !rate) throw new Error('operands');
  return [w.minus(rate.times(g))];
});

export const product = (a: Tensor, b: Tensor): Tensor => runCall(matmulCall(a, b));

/** Runs a plan while no kernel may run by script. */
export function runWithoutKernels({ kernels: known }: WasmBackend, bound: BoundPlan): void {
  const kernels = known as Record<string, unknown>;
  const before = { ...kernels };
  for (const name of Object.keys(kernels))
    kernels[name] = () => {
      throw new Error(`${name} ran by script`);
    };
  try {
    bound.run();
  } finally {
    Object.assign(kernels, before);
  }
}
