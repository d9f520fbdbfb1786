import { type LstmGates, type LstmState, lstmCell, lstmGates } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import type { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import { Recurrent, recurrentOptions, type StepSums } from './recurrent.ts';

const options = {
  ...recurrentOptions,
  /** Added to the sum of the forget gate, not trained. Default 1 (Jozefowicz et al. 2015); 0 for weights of PyTorch. */
  forgetBias: layerOption.real(),
} as const;

export type LstmOptions = OptionsOf<typeof options>;

/** All that a pass over sequences makes, [B, T, hiddenSize] each. */
export type LstmTrace = LstmGates & LstmState;

/**
 * A long short-term memory over sequences, x [B, T, in] → [B, T, hiddenSize], or [B, hiddenSize] with `output: 'last'`:
 *
 *     i, f, g, o = σ(V₁x + U₁h), σ(V₂x + U₂h + forgetBias), tanh(V₃x + U₃h), σ(V₄x + U₄h)
 *     c′ = f·c + i·g, h′ = o·tanh(c′)
 *
 * The four parts of V and U lie one above the other in this order, as in PyTorch; entries start with its standard
 * deviation, 1/√(3·hiddenSize).
 *
 *     new LSTM({ in: 28, hiddenSize: 128, output: 'last', weight: tensorTrain({ ranks: 4 }) })
 *
 * Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
 */
export class LSTM extends Recurrent<LstmOptions, LstmState, LstmTrace> {
  static override readonly type: string = 'lstm';
  static override readonly title: string = 'LSTM';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 4, 3],
    layers: () => [
      new LSTM({ in: 3, hiddenSize: 2 }),
      new LSTM({ in: 3, hiddenSize: 2, layers: 2, bidirectional: true, output: 'last', forgetBias: 0 }),
    ],
  };
  static override readonly gates: number = 4;

  protected step({ z, r }: StepSums, { cell }: LstmState): LstmState {
    return lstmCell(z, r, cell, this.options.forgetBias ?? 1);
  }

  protected zeroState(zero: Tensor): LstmState {
    return { hidden: zero, cell: zero };
  }

  protected override gatesOf({ z, r }: StepSums): LstmGates {
    return lstmGates(z, r, this.options.forgetBias ?? 1);
  }
}
