import { bondOption, chainOptions, chainScheme } from '../contraction/chain-scheme.ts';
import { defineScheme } from '../scheme.ts';

/**
 * A tensor train: V[(i₁ … i_d), (j₁ … j_d)] = G₁[i₁, j₁] · … · G_d[i_d, j_d], with G_k[i_k, j_k] a matrix of
 * r_{k−1} × r_k and r₀ = r_d = 1. Multiplied by contraction, V never built unless that is cheaper. Modes that are not
 * given are as equal as the factors of rows and columns allow.
 *
 *     tensorTrain({ ranks: 8 })
 *     tensorTrain({ inModes: [4, 7, 7, 4], outModes: [4, 8, 8, 4], ranks: [8, 8, 8] })
 *     tensorTrain({ ratio: 1 / 64 })
 *
 * @throws ArgumentError where modes do not multiply to the extents of the weight, or a rank exceeds what they allow
 */
export const tensorTrain = defineScheme(
  chainScheme(
    {
      kind: 'tensorTrain',
      source: 'Novikov et al. 2015, arXiv:1509.06569',
      ranksName: 'ranks',
    },
    {
      ...chainOptions,
      /** r₁ … r_{d−1}; or one number for all, less where the modes before a core allow less. */
      ranks: bondOption(),
    },
    [
      { inModes: [3, 5, 2], outModes: [2, 3, 2], ranks: [4, 3] },
      { ratio: 1 / 3 },
      { inModes: [3, 5, 2], outModes: [2, 1, 6], ranks: 7 },
      { inModes: [4, 8], outModes: [2, 7], ranks: [3], padding: true },
      { inModes: [30], outModes: [12], ranks: [] },
    ],
  ),
);
