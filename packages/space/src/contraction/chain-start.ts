import type { Random } from '@funhash/hashing';
import type { Shape } from '@funhash/tensor';
import { normalValues } from '../weight/start-values.ts';
import { productOf } from './modes.ts';
import { coreName, coreShapes, type TensorChain } from './tensor-chain.ts';

/**
 * Normal cores such that the entries of V have the root mean square `std`: cores of equal variance,
 * Var V = ∏ bonds · ∏ Var G_k, then scaled by what the norm of this V differs from that.
 */
export function startCores(chain: TensorChain, draw: Random, std: number): Record<string, Float64Array> {
  const shapes = coreShapes(chain);
  const bonds = productOf(chain.bonds.slice(1));
  const coreStd = (std / Math.sqrt(bonds)) ** (1 / shapes.length);
  const cores = shapes.map((shape) => normalValues(draw, productOf(shape), coreStd));
  const entries = productOf(chain.inModes) * productOf(chain.outModes);
  // With bonds so large the norm is near its mean.
  const found = normCost(shapes, chain) > mostCost ? std : Math.sqrt(squaredNorm(chain, cores) / entries);
  const factor = found > 0 ? (std / found) ** (1 / shapes.length) : 1;
  return Object.fromEntries(cores.map((core, k) => [coreName(k), core.map((value) => value * factor)]));
}

/** Multiplications: a tenth of a second. */
const mostCost = 1e8;

function normCost(shapes: readonly Shape[], { bonds }: TensorChain): number {
  const cost = (shape: Shape): number => {
    const [before, after] = [shape[1] as number, shape[3] as number];
    return productOf(shape) * (before + after);
  };
  return (bonds[0] as number) ** 2 * shapes.reduce((sum, shape) => sum + cost(shape), 0);
}

/**
 * ‖V‖² without V: the product over the cores of Σ G[i, j] ⊗ G[i, j], for each pair of values of the open bond (of which
 * an open chain has one).
 */
function squaredNorm({ inModes, outModes, bonds }: TensorChain, cores: readonly Float64Array[]): number {
  const open = bonds[0] as number;
  let sum = 0;
  for (let s = 0; s < open; s++)
    for (let t = 0; t < open; t++) {
      let gram = new Float64Array(open * open);
      gram[s * open + t] = 1;
      cores.forEach((core, k) => {
        gram = nextGram(gram, core, {
          inMode: inModes[k] as number,
          outMode: outModes[k] as number,
          before: bonds[k] as number,
          after: bonds[k + 1] as number,
        });
      });
      sum += gram[s * open + t] as number;
    }
  return sum;
}

interface CoreExtents {
  readonly inMode: number;
  readonly outMode: number;
  readonly before: number;
  readonly after: number;
}

/** Σ over i, j of G[i, j]ᵀ · E · G[i, j]; E [before, before] → [after, after]. */
function nextGram(
  gram: Float64Array,
  core: Float64Array,
  { inMode, outMode, before, after }: CoreExtents,
): Float64Array<ArrayBuffer> {
  const next = new Float64Array(after * after);
  const half = new Float64Array(before * after);
  for (let j = 0; j < inMode; j++)
    for (let i = 0; i < outMode; i++) {
      const start = (j * before * outMode + i) * after;
      const at = (a: number): number => start + a * outMode * after;
      half.fill(0);
      for (let a = 0; a < before; a++)
        for (let c = 0; c < before; c++) {
          const factor = gram[a * before + c] as number;
          if (factor === 0) continue;
          for (let b = 0; b < after; b++)
            half[a * after + b] = (half[a * after + b] as number) + factor * (core[at(c) + b] as number);
        }
      for (let a = 0; a < before; a++)
        for (let b = 0; b < after; b++) {
          const factor = core[at(a) + b] as number;
          for (let d = 0; d < after; d++)
            next[b * after + d] = (next[b * after + d] as number) + factor * (half[a * after + d] as number);
        }
    }
  return next;
}
