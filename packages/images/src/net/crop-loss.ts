import { elementwise, mean, reshape, slice } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { requireTensor, type Tensor } from '@funhash/tensor';
import { outputChannels } from './artifact-net.ts';

const squaredError = elementwise('weightedSquaredError', (output, wanted, weight) => {
  const error = output.minus(wanted).times(weight);
  return error.times(error);
});

/**
 * The loss of crops: squared errors of luma and, half as much, of chroma, relative to what the codec left of each crop.
 *
 * @param outputs [B, H, W, 3]
 * @param targets [B, H · W · 6] of `drawCrops`
 */
export function cropLoss(outputs: Tensor, targets: Tensor): Tensor {
  requireTensor('cropLoss', outputs, 'outputs');
  requireTensor('cropLoss', targets, 'targets');
  const [count = 0, height = 0, width = 0, channels = 0] = outputs.shape;
  if (outputs.rank !== 4 || channels !== outputChannels || targets.size !== 2 * outputs.size)
    throw new ArgumentError({
      operation: 'cropLoss',
      expected: `outputs of [B, H, W, ${outputChannels}] and targets of [B, H · W · ${2 * outputChannels}]`,
      actual: `${JSON.stringify(outputs.shape)} and ${JSON.stringify(targets.shape)}`,
    });
  const all = reshape(targets, [count, height, width, 2 * outputChannels]);
  const part = (from: number): Tensor => slice(all, [0, 0, 0, from], [count, height, width, outputChannels]);
  return mean(squaredError(outputs, part(0), part(outputChannels)));
}
