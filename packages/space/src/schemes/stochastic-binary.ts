import { binarized, stochasticallyBinarized } from '@funhash/autodiff/op-parts';
import { uniform } from '../options.ts';
import type { Scheme, WeightRequest } from '../scheme.ts';
import { defineQuantizer } from '../wrappers/quantized.ts';
import { dense } from './dense.ts';

const quantizer = defineQuantizer(
  {
    kind: 'stochasticBinary',
    source: 'Courbariaux et al. 2016, arXiv:1602.02830, eq. 2 to 4',
    options: { draw: uniform.draw() },
    latentStd: () => 1 / Math.sqrt(3),
    scales: () => ({}),
    quantize: (latent, { options: { draw }, entry: { row, col, hash } }) => {
      const u = hash(row, col, draw)
        .shr(8)
        .asReal()
        .times(2 ** -24);
      return draw.equals(0).select(binarized(latent), stochasticallyBinarized(latent, u));
    },
    // Entries are ±1 whatever spread is asked for.
    except: ['variance'],
    bounds: [-1, 1],
    rate: ({ rows, cols }) => Math.sqrt((rows + cols) / 1.5),
  },
  dense,
);

/**
 * Binary weights that are drawn in training: V[i,j] = +1 with the probability (latent[i,j] + 1) / 2 kept within 0 and 1,
 * else −1, anew in every training step by the randomness of its pass; their signs, as of `binary`, at inference.
 * Gradients, bounds and learning rate are those of `binary`, too.
 *
 * @param latent how latent values are stored. Default: one for each entry
 */
export const stochasticBinary: ((latent?: WeightRequest) => WeightRequest) & Scheme = Object.assign(
  (latent?: WeightRequest) => quantizer({}, latent),
  {
    definition: quantizer.definition,
    over: quantizer.over,
  },
);
