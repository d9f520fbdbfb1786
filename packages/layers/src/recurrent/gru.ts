import { elementwise, slice } from '@funhash/autodiff';
import type { Tensor } from '@funhash/tensor';
import type { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import {
  Recurrent,
  type RecurrentOptions,
  type RecurrentState,
  recurrentOptions,
  type StepSums,
} from './recurrent.ts';

export type GruOptions = RecurrentOptions;

const gate = elementwise('gru gate', (z, r) => z.plus(r).logistic());
const candidate = elementwise('gru candidate', (z, r, reset) => z.plus(reset.times(r)).tanh());
const between = elementwise('gru state', (update, old, next) => next.plus(update.times(old.minus(next))));

/**
 * A gated recurrent unit over sequences, x [B, T, in] → [B, T, hiddenSize], or [B, hiddenSize] with `output: 'last'`:
 *
 *     r, z = σ(V₁x + b₁ + U₁h + c₁), σ(V₂x + b₂ + U₂h + c₂)
 *     n = tanh(V₃x + b₃ + r·(U₃h + c₃)), h′ = (1 − z)·n + z·h
 *
 * The three parts of V and U lie one above the other in this order, as in PyTorch, and both have a bias.
 *
 *     new GRU({ in: 28, hiddenSize: 128, output: 'last', weight: hashedNet({ ratio: 1 / 16 }) })
 *
 * Source: Cho et al. 2014, arXiv:1406.1078, with the reset gate behind the product, as in cuDNN and PyTorch.
 */
export class GRU extends Recurrent<GruOptions, RecurrentState, RecurrentState & GruGates> {
  static override readonly type: string = 'gru';
  static override readonly title: string = 'GRU';
  static override readonly options = recurrentOptions;
  static override readonly gates: number = 3;
  static override readonly recurrentBias: boolean = true;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 4, 3],
    layers: () => [
      new GRU({ in: 3, hiddenSize: 2 }),
      new GRU({ in: 3, hiddenSize: 2, layers: 2, bidirectional: true, output: 'last' }),
    ],
  };

  protected step(sums: StepSums, { hidden }: RecurrentState): RecurrentState {
    const { update, candidate } = this.gatesOf(sums);
    return { hidden: between(update, hidden, candidate) };
  }

  protected zeroState(zero: Tensor): RecurrentState {
    return { hidden: zero };
  }

  protected override gatesOf({ z, r }: StepSums): GruGates {
    const [batch, width] = z.shape as [number, number];
    const size = width / 3;
    const part = (sums: Tensor, k: number): Tensor => slice(sums, [0, k * size], [batch, size]);
    const reset = gate(part(z, 0), part(r, 0));
    const update = gate(part(z, 1), part(r, 1));
    return { reset, update, candidate: candidate(part(z, 2), part(r, 2), reset) };
  }
}

/** The gates of a step, [B, hiddenSize] each. */
type GruGates = Readonly<Record<'reset' | 'update' | 'candidate', Tensor>>;
