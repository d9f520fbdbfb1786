import { learnedStep } from '@funhash/autodiff/op-parts';
import type { Scheme, WeightRequest } from '../scheme.ts';
import { defineQuantizer } from '../wrappers/quantized.ts';
import { dense } from './dense.ts';

/** The threshold of Li and Liu as a part of the mean absolute latent value: the best one of usual weights. */
const threshold = 0.7;

const quantizer = defineQuantizer(
  {
    kind: 'ternary',
    source:
      'Li and Liu 2016, arXiv:1605.04711, eq. 3; scale learned as by Esser et al. 2020, arXiv:1902.08153',
    options: {},
    latentStd: (std) => std,
    // Values become 0 below half a scale. The mean is that of uniform values.
    scales: (std) => ({ scale: 2 * threshold * ((std * Math.sqrt(3)) / 2) }),
    except: ['variance'],
    multiples: () => ({ of: 'scale', low: -1, high: 1 }),
    quantize: (latent, { scales: { scale }, count }) =>
      learnedStep(latent, scale, { low: -1, high: 1, count }),
  },
  dense,
);

/**
 * Ternary weights: V[i,j] = scale · t with t = +1 where latent[i,j] > scale / 2, −1 where it is below −scale / 2, else 0.
 * The scale is one stored value; at the start the thresholds ±scale / 2 are 0.7·E|latent|, those of ternary weight
 * networks. Where these measure mean and scale over the whole matrix before every product, here the scale is trained, by
 * the gradient of a learned step size: an entry then depends on its own stored values and on no decoded matrix.
 *
 * @param latent how latent values are stored. Default: one for each entry
 */
export const ternary: ((latent?: WeightRequest) => WeightRequest) & Scheme = Object.assign(
  (latent?: WeightRequest) => quantizer({}, latent),
  {
    definition: quantizer.definition,
    over: quantizer.over,
  },
);
