import { binarized } from '@funhash/autodiff/op-parts';
import type { Scheme, WeightRequest } from '../scheme.ts';
import { defineQuantizer } from '../wrappers/quantized.ts';
import { dense } from './dense.ts';

const quantizer = defineQuantizer(
  {
    kind: 'binary',
    source: 'Courbariaux et al. 2016, arXiv:1602.02830, eq. 1 and 4',
    options: {},
    // Uniform in ±1, whatever the entries are: they are ±1 from the start.
    latentStd: () => 1 / Math.sqrt(3),
    scales: () => ({}),
    quantize: binarized,
    // Entries are ±1 whatever spread is asked for.
    except: ['variance'],
    bounds: [-1, 1],
    rate: ({ rows, cols }) => Math.sqrt((rows + cols) / 1.5),
  },
  dense,
);

/**
 * Binary weights: V[i,j] = sign(latent[i,j]), +1 where that is at least 0, else −1. The gradient passes to latent
 * values within ±1, where they are kept after every update; their learning rate is multiplied by
 * √((rows + cols) / 1.5), the coefficient of Glorot.
 *
 *     new Dense({ in: 784, out: 1024, bias: false, weight: binary() })
 *     new Dense({ in: 784, out: 1024, bias: false, weight: binary(hashedNet({ ratio: 1 / 8 })) })
 *
 * Entries are ±1 for any `std` and are meant to be followed by normalisation.
 *
 * @param latent how latent values are stored. Default: one for each entry. They are kept within ±1 where the scheme
 * stores one array, whose values are the latent ones
 */
export const binary: ((latent?: WeightRequest) => WeightRequest) & Scheme = Object.assign(
  (latent?: WeightRequest) => quantizer({}, latent),
  {
    definition: quantizer.definition,
    over: quantizer.over,
  },
);
