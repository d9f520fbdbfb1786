import {
  type LstmGates,
  type LstmState,
  lstmCell,
  lstmGates,
  reshape,
  split,
  stack,
  transpose,
} from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import type { WeightRequest } from '@funhash/space';
import { ShapeError, shapeText, type Tensor, zeros } from '@funhash/tensor';
import { Composite } from '../containers/composite.ts';
import { Dense } from '../dense.ts';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import { requireCounts } from '../weighted.ts';

export interface LstmOptions {
  /** Width of an input. */
  readonly in: number;
  /** Width of the state, and of an output. */
  readonly out: number;
  /** What comes out: the hidden state of every step, or that of the last. Default `sequence`. */
  readonly output?: 'sequence' | 'last';
  /** How the matrix [4·out, in] of the inputs is stored. Default: every entry. */
  readonly weight?: WeightRequest;
  /**
   * How the matrix [4·out, out] of the state is stored. Default: as `weight`. It is used at every step: policy `step`
   * decodes it once.
   */
  readonly recurrentWeight?: WeightRequest;
  /** Plain values [4·out], none, or a virtual column of any scheme. Default plain, starting at 0. */
  readonly bias?: boolean | WeightRequest;
  /** Added to the sum of the forget gate, not trained. Default 1 (Jozefowicz et al. 2015); 0 for weights of PyTorch. */
  readonly forgetBias?: number;
  /** Decides start values and hashes. Default: from the network's seed and the layer's place in it, or 0. */
  readonly seed?: number;
}

/** All that a pass over sequences makes, [B, T, out] each. */
export type LstmTrace = LstmGates & LstmState;

/**
 * A long short-term memory over sequences, x [B, T, in] → [B, T, out], or [B, out] with `output: 'last'`:
 *
 *     i, f, g, o = σ(V₁x + U₁h), σ(V₂x + U₂h + forgetBias), tanh(V₃x + U₃h), σ(V₄x + U₄h)
 *     c′ = f·c + i·g, h′ = o·tanh(c′)
 *
 * The four parts of V and U lie one above the other in this order, as in PyTorch; entries start with its standard
 * deviation, 1/√(3·out). Backward through time keeps the gates' sums, the states, and nothing else of a step.
 *
 *     new LSTM({ in: 28, out: 128, output: 'last', weight: tensorTrain({ ranks: 4 }) })
 *
 * Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
 */
export class LSTM extends Composite {
  static readonly type = 'lstm';
  readonly options: LstmOptions;
  /** V and the bias. */
  readonly input: Dense;
  /** U. */
  readonly recurrent: Dense;

  /** @param parts V and U, where they are there already */
  constructor(options: LstmOptions, parts: LstmParts = newParts(options)) {
    const { in: width, out, output = 'sequence', forgetBias = defaultForgetBias, seed } = options;
    super(Object.entries(parts), seed);
    if (!['sequence', 'last'].includes(output) || !Number.isFinite(forgetBias))
      throw new ArgumentError({
        operation: 'LSTM',
        expected: 'the output sequence or last, and a finite forgetBias',
        actual: `${output}, ${forgetBias}`,
      });
    requirePart('input', parts.input, width, out);
    requirePart('recurrent', parts.recurrent, out, out);
    this.options = options;
    this.input = parts.input;
    this.recurrent = parts.recurrent;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const states = this.#states(x, pass, this.start(x));
    return this.options.output === 'last'
      ? (states.at(-1) as LstmStep).hidden
      : stack(
          states.map(({ hidden }) => hidden),
          1,
        );
  }

  /** The state of zeros that a pass over x begins with. */
  start(x: Tensor): LstmState {
    const { out } = this.options;
    const zero = zeros([x.shape[0] as number, out], { dtype: x.dtype });
    return { hidden: zero, cell: zero };
  }

  /**
   * A pass over a part of the sequences: the hidden states [B, T, out], and the state in which it ends, from which the
   * next part goes on.
   *
   * @param state in which it begins. Default zeros
   */
  continue(
    x: Tensor,
    state: LstmState = this.start(x),
    pass: Pass = inference,
  ): LstmState & { readonly sequence: Tensor } {
    const states = this.#states(x, pass, state);
    const { hidden, cell } = states.at(-1) as LstmStep;
    return {
      hidden,
      cell,
      sequence: stack(
        states.map((step) => step.hidden),
        1,
      ),
    };
  }

  /** Gates and states of every step, for looking at them and for tests that ask which of them were reached. */
  trace(x: Tensor, state: LstmState = this.start(x)): LstmTrace {
    const { forgetBias = defaultForgetBias } = this.options;
    const steps = this.#states(x, inference, state).map(({ z, r, hidden, cell }) => ({
      ...lstmGates(z, r, forgetBias),
      hidden,
      cell,
    }));
    const over = (name: keyof LstmTrace): Tensor =>
      stack(
        steps.map((step) => step[name]),
        1,
      );
    return {
      input: over('input'),
      forget: over('forget'),
      candidate: over('candidate'),
      output: over('output'),
      hidden: over('hidden'),
      cell: over('cell'),
    };
  }

  #states(x: Tensor, pass: Pass, begin: LstmState): readonly LstmStep[] {
    const { in: width, out, forgetBias = defaultForgetBias } = this.options;
    const [batch, steps] = x.shape as [number, number];
    if (x.rank !== 3 || steps === 0 || x.shape[2] !== width)
      throw new ShapeError({
        operation: 'LSTM',
        expected: `sequences of shape [B, T, ${width}], T at least 1`,
        actual: shapeText(x.shape),
      });
    requireState(begin, batch, out);
    const inOrder = reshape(transpose(x, [1, 0, 2]), [steps * batch, width]);
    let state = begin;
    return split(this.input.forward(inOrder, pass), steps).map((z) => {
      const r = this.recurrent.forward(state.hidden, pass);
      state = lstmCell(z, r, state.cell, forgetBias);
      return { z, r, ...state };
    });
  }

  get spec(): LayerSpec {
    const { in: width, out, output, forgetBias } = this.options;
    return {
      type: LSTM.type,
      in: width,
      out,
      ...(output !== undefined && { output }),
      ...(forgetBias !== undefined && { forgetBias }),
      input: this.input.spec,
      recurrent: this.recurrent.spec,
    };
  }

  static fromSpec(reader: LayerReader): LSTM {
    const options = {
      in: reader.count('in'),
      out: reader.count('out'),
      ...(reader.has('output') && { output: reader.text('output') as 'sequence' | 'last' }),
      ...(reader.has('forgetBias') && { forgetBias: reader.number('forgetBias') }),
    };
    // What the constructor takes only where it is a dense layer of the right widths.
    const part = (name: keyof LstmParts): Dense => reader.member(name) as Dense;
    return new LSTM(options, { input: part('input'), recurrent: part('recurrent') });
  }
}

interface LstmParts {
  readonly input: Dense;
  readonly recurrent: Dense;
}

interface LstmStep extends LstmState {
  readonly z: Tensor;
  readonly r: Tensor;
}

const defaultForgetBias = 1;

const inference: Pass = { training: false, random: random(0) };

function newParts({ in: width, out, weight, recurrentWeight = weight, bias }: LstmOptions): LstmParts {
  requireCounts('LSTM', { in: width, out });
  const gates = { out: 4 * out, std: 1 / Math.sqrt(3 * out) };
  return {
    input: new Dense({ in: width, ...gates, ...(weight && { weight }), ...(bias !== undefined && { bias }) }),
    recurrent: new Dense({
      in: out,
      ...gates,
      bias: false,
      ...(recurrentWeight && { weight: recurrentWeight }),
    }),
  };
}

function requirePart(name: string, part: unknown, width: number, out: number): void {
  const fits = part instanceof Dense && part.options.in === width && part.options.out === 4 * out;
  if (!fits)
    throw new ArgumentError({
      operation: 'LSTM',
      expected: `a dense layer from ${width} to ${4 * out} as ${name}`,
      actual: part instanceof Dense ? `one from ${part.options.in} to ${part.options.out}` : 'another layer',
    });
}

function requireState({ hidden, cell }: LstmState, batch: number, out: number): void {
  const wanted = [batch, out].join();
  if (hidden.shape.join() !== wanted || cell.shape.join() !== wanted)
    throw new ShapeError({
      operation: 'LSTM',
      expected: `a state of shape [${batch}, ${out}]`,
      actual: `hidden ${shapeText(hidden.shape)}, cell ${shapeText(cell.shape)}`,
    });
}
