import { bondOption, chainOptions, chainScheme } from '../contraction/chain-scheme.ts';
import { structural } from '../options.ts';
import { defineScheme } from '../scheme.ts';

/**
 * A matrix product operator: V[(j₁ … j_n), (i₁ … i_n)] = Tr(w₁[j₁, i₁] · … · w_n[j_n, i_n]), with w_k[j_k, i_k] a
 * matrix of D_{k−1} × D_k. With D₀ = D_n = 1, the default, it is a tensor train; a larger `boundary` makes the chain
 * periodic.
 *
 *     mpo({ inModes: [4, 7, 7, 4], outModes: [4, 4, 4, 4], bonds: 4 })
 *
 * @throws as `tensorTrain`
 */
export const mpo = defineScheme(
  chainScheme(
    {
      kind: 'mpo',
      source: 'Gao et al. 2020, arXiv:1904.06194',
      ranksName: 'bonds',
      boundaryName: 'boundary',
    },
    {
      ...chainOptions,
      /** D₁ … D_{n−1}; or one number for all, less where the modes before a core allow less. */
      bonds: bondOption(),
      /** D₀ = D_n. Default 1. */
      boundary: structural.integer({ default: 1, least: 1, most: 64 }),
    },
    [
      { inModes: [3, 5, 2], outModes: [2, 3, 2], bonds: 4 },
      { inModes: [3, 5, 2], outModes: [2, 3, 2], bonds: [3, 4], boundary: 2 },
      { inModes: [6, 5], outModes: [4, 3], bonds: [2], boundary: 3 },
    ],
  ),
);
