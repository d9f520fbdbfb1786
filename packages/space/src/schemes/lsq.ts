import { learnedStep, levelsOf } from '@funhash/autodiff/op-parts';
import { structural } from '../options.ts';
import type { QuantizerFunction } from '../wrappers/over-scheme.ts';
import { defineQuantizer } from '../wrappers/quantized.ts';
import { dense } from './dense.ts';

const options = { bits: structural.integer({ least: 2, most: 8, default: 4 }) };

/**
 * Weights of so many bits with a learned step size (LSQ): V[i,j] = step · k with k the whole number nearest to
 * latent[i,j] / step within −2^(bits − 1) and 2^(bits − 1) − 1 = Q. The step is one stored value, which starts at
 * 2·E|latent| / √Q; its gradient is multiplied by 1 / √(rows · cols · Q).
 *
 *     new Dense({ in: 784, out: 1000, weight: lsq({ bits: 4 }) })
 *     new Dense({ in: 784, out: 1000, weight: lsq({ bits: 2 }, hashedNet({ ratio: 1 / 8 })) })
 *
 * The second argument says how latent values are stored. Default: one for each entry.
 */
export const lsq: QuantizerFunction<typeof options> = defineQuantizer(
  {
    kind: 'lsq',
    source: 'Esser et al. 2020, arXiv:1902.08153, eq. 1 to 3',
    options,
    latentStd: (std) => std,
    // Latent values are uniform at the start.
    scales: (std, { bits }) => ({
      step: (std * Math.sqrt(3)) / Math.sqrt(levelsOf(bits, { signed: true }).high),
    }),
    multiples: ({ bits }) => ({ of: 'step', ...levelsOf(bits, { signed: true }) }),
    quantize: (latent, { options: { bits }, scales: { step }, count }) =>
      learnedStep(latent, step, { ...levelsOf(bits, { signed: true }), count }),
  },
  dense,
);
