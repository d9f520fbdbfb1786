import type { Model, Signature } from '@funhash/layers';
import type { Shape } from '@funhash/tensor';
import type { Arrays } from './examples.ts';
import { isLabels } from './numeric-array.ts';

/** Tells a model what its inputs and outputs mean, from a batch and the outputs for it, unless it knows already. */
export function describeModel(model: Model, batch: Arrays, outputs: Shape): void {
  // Modules have a signature; another model need not.
  if (!('signature' in model) || model.signature !== undefined) return;
  const [, ...input] = batch.inputs.shape;
  const { given = 'f32', targets } = batch;
  const isOfClasses = isLabels(targets) && outputs.length === 2;
  const signature: Signature = {
    input,
    dtype: given,
    ...(given === 'u8' && { scale: [0, 1] }),
    ...(isOfClasses && {
      classes: Array.from({ length: outputs[1] as number }, (_, label) => String(label)),
    }),
  };
  model.signature = signature;
}
