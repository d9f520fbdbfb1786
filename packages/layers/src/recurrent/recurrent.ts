import { cast, concat, expandDims, reshape, split, stack, transpose, where } from '@funhash/autodiff';
import { ArgumentError, checkArgument, type OptionsOf } from '@funhash/hashing';
import { requireTensor, ShapeError, sameShape, shapeText, Tensor, zeros } from '@funhash/tensor';
import { type DensePart, DenseParts, type GivenParts } from '../containers/dense-parts.ts';
import type { DenseOptions } from '../dense.ts';
import { layerOption, startOptions } from '../layer-options.ts';
import { inference, type Pass, passRule, trace, within } from '../pass.ts';
import type { Widths } from '../widths.ts';

export const recurrentOptions = {
  /** Width of an input. */
  in: layerOption.required(layerOption.count()),
  /** Width of the state of a layer, and of an output; of two directions an output is twice as wide. */
  hiddenSize: layerOption.inFile('out', layerOption.required(layerOption.count())),
  /** Layers one on the other. Default 1. */
  layers: layerOption.integer({ least: 1, most: 64 }),
  /** Whether each layer also reads the sequences backwards, its outputs beside the others. Default false. */
  bidirectional: layerOption.flag(),
  /** What comes out: the hidden state of every step, or that of the last read. Default `sequence`. */
  output: layerOption.oneOf(['sequence', 'last']),
  /** How the matrices [gates · hiddenSize, in] of the inputs are stored. Default: every entry. */
  weight: layerOption.start(layerOption.weight()),
  /**
   * How the matrices [gates · hiddenSize, hiddenSize] of the states are stored. Default: as `weight`. They are used at
   * every step: policy `step` decodes them once.
   */
  recurrentWeight: layerOption.start(layerOption.weight()),
  /** Plain values [gates · hiddenSize], none, or a virtual column of any scheme. Default plain, starting at 0. */
  bias: layerOption.start(layerOption.bias()),
  ...startOptions,
} as const;

export type RecurrentOptions = OptionsOf<typeof recurrentOptions>;

/** What a recurrent layer carries from step to step, [B, hiddenSize] each. */
export type RecurrentState = { readonly hidden: Tensor };

/** The matrices of one layer in one direction. */
export interface Direction {
  /** The matrix of the inputs, with a bias. */
  readonly input: DensePart;
  /** The matrix of the state. */
  readonly recurrent: DensePart;
}

/** The sums of a step, [B, gates · hiddenSize] each: of the input and of the state before. */
export interface StepSums {
  readonly z: Tensor;
  readonly r: Tensor;
}

/**
 * What layers have in common that read sequences step by step, x [B, T, in] → [B, T, hiddenSize], or [B, hiddenSize]
 * with `output: 'last'`: stacked, in both directions, over padded steps. A layer states its gates and one step.
 *
 * The sums of the inputs are one product for all steps. Backward through time keeps sums, states, and nothing else of
 * a step. Entries start with the standard deviation 1/√(3·hiddenSize), as in PyTorch.
 */
export abstract class Recurrent<
  O extends RecurrentOptions,
  S extends RecurrentState,
  T extends S = S,
> extends DenseParts<O> {
  /** Gates whose sums lie one above the other in the matrices. */
  static readonly gates: number = 1;
  /** Whether the product with the state has a bias of its own. */
  static readonly recurrentBias: boolean = false;

  /** @param parts by their names, where they are there already */
  constructor(options: O, parts?: GivenParts) {
    const { gates, recurrentBias } = new.target as typeof Recurrent;
    super(options, parts, (checked) => partsOf(checked, { gates, recurrentBias }));
  }

  /** The state after one step. */
  protected abstract step(sums: StepSums, state: S): S;

  /** The state of zeros that a pass begins with. */
  protected abstract zeroState(zero: Tensor): S;

  /** What a step has to show besides its state: its gates, [B, hiddenSize] each. */
  protected gatesOf(_sums: StepSums, _state: S): object {
    return {};
  }

  get #directions(): number {
    return this.options.bidirectional ? 2 : 1;
  }

  /** The matrices of a layer, counted from 0, in a direction: 0 forwards, 1 backwards. */
  part(layer = 0, direction = 0): Direction {
    const of = (name: 'input' | 'recurrent'): DensePart =>
      this.members.get(partName(name, layer, direction)) as DensePart;
    return { input: of('input'), recurrent: of('recurrent') };
  }

  /** The state of zeros with which a pass over x begins. */
  start(x: Tensor): S {
    requireTensor(this.title, x);
    if (x.rank !== 3)
      throw new ShapeError({
        operation: this.title,
        expected: 'sequences of shape [B, T, in]',
        actual: shapeText(x.shape),
      });
    const batch = x.shape[0] as number;
    return this.zeroState(zeros([batch, this.options.hiddenSize], { dtype: x.dtype }));
  }

  override get widths(): Widths {
    const { in: width, hiddenSize } = this.options;
    return { in: width, out: hiddenSize * this.#directions };
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { layers = 1, output = 'sequence' } = this.options;
    this.#requireSequences(x, pass);
    let inputs = x;
    for (let layer = 0; layer < layers; layer++) {
      const isLast = layer === layers - 1;
      const runs = Array.from({ length: this.#directions }, (_, direction) =>
        this.#run(inputs, pass, layer, direction),
      );
      const sides = runs.map(({ states, end }) =>
        isLast && output === 'last' ? end.hidden : this.#sequenceOf(states, pass),
      );
      inputs = sides.length === 1 ? (sides[0] as Tensor) : concat(sides, -1);
    }
    return inputs;
  }

  /** [B, T, hiddenSize] of the states of every step; 0 where a step is padding. */
  #sequenceOf(states: readonly S[], { mask }: Pass): Tensor {
    const sequence = stack(
      states.map(({ hidden }) => hidden),
      1,
    );
    if (!mask) return sequence;
    return where(expandDims(asMask(mask, sequence), -1), sequence, zeros([1], { dtype: sequence.dtype }));
  }

  /** The states of one layer in one direction, in the order of the steps, and the one in which it ends. */
  #run(x: Tensor, pass: Pass, layer: number, direction: number, begin?: S): { states: readonly S[]; end: S } {
    const [batch, steps] = x.shape as [number, number, number];
    const { input, recurrent } = this.part(layer, direction);
    const [inputPass, recurrentPass] = [
      within(pass, partName('input', layer, direction)),
      within(pass, partName('recurrent', layer, direction)),
    ];
    const inOrder = reshape(transpose(x, [1, 0, 2]), [steps * batch, x.shape[2] as number]);
    const sums = split(input.forward(inOrder, inputPass), steps);
    const masks = pass.mask && split(transpose(asMask(pass.mask, x), [1, 0]), steps);
    let state = begin ?? this.start(x);
    const states: S[] = new Array(steps);
    const shown: Readonly<Record<string, Tensor>>[] = new Array(steps);
    const product = recurrent.repeated(recurrentPass);
    for (let k = 0; k < steps; k++) {
      const at = direction === 0 ? k : steps - 1 - k;
      const pair = { z: sums[at] as Tensor, r: product(state.hidden) };
      if (pass.observe) shown[at] = gatesShown(this.gatesOf(pair, state));
      const next = this.step(pair, state);
      state = masks ? kept(reshape(masks[at] as Tensor, [batch, 1]), next, state) : next;
      states[at] = state;
    }
    if (pass.observe) this.#show(pass, layer, direction, states, shown);
    return { states, end: state };
  }

  #show(
    { observe }: Pass,
    layer: number,
    direction: number,
    states: readonly S[],
    gates: readonly Readonly<Record<string, Tensor>>[],
  ): void {
    const rows = states.map((state, k) => ({ ...gates[k], ...state }) as Readonly<Record<string, Tensor>>);
    for (const name of Object.keys(rows[0] as object))
      observe?.(
        '',
        partName(name, layer, direction),
        stack(
          rows.map((row) => row[name] as Tensor),
          1,
        ),
      );
  }

  /**
   * A pass over a part of the sequences: the hidden states [B, T, hiddenSize], and the state in which it ends, from
   * which the next part goes on. For one layer in one direction.
   *
   * @param state in which it begins. Default zeros
   */
  continue(x: Tensor, state?: S, pass: Pass = inference): S & { readonly sequence: Tensor } {
    const { layers = 1, hiddenSize } = this.options;
    if (layers > 1 || this.#directions > 1)
      throw new ArgumentError({
        operation: `${this.title}.continue`,
        expected: 'one layer in one direction',
        actual: `${layers} layers, ${this.#directions} directions`,
        remedy: 'Put layers of one direction into a Sequential and continue each.',
      });
    this.#requireSequences(x, pass);
    const batch = x.shape[0] as number;
    const begin = state === undefined ? undefined : this.#stateOf(state, [batch, hiddenSize], x);
    const { states, end } = this.#run(x, pass, 0, 0, begin);
    return { ...end, sequence: this.#sequenceOf(states, pass) };
  }

  /** The parts of a state that a step has, each of a shape: what `continue` gives has more. */
  #stateOf(given: S, shape: readonly number[], x: Tensor): S {
    const parts = Object.keys(this.start(x)).map((name) => {
      const part = (given as Readonly<Record<string, unknown>> | null)?.[name];
      if (part instanceof Tensor && sameShape(part.shape, shape)) return [name, part];
      throw new ShapeError({
        operation: this.title,
        expected: `a state of shape ${shapeText(shape)}`,
        actual: part instanceof Tensor ? `${name} ${shapeText(part.shape)}` : `no ${name}`,
      });
    });
    return Object.fromEntries(parts);
  }

  /**
   * Gates and states of every step, [B, T, hiddenSize] each, for looking at them and for tests that ask which of them
   * were reached; those of further layers as `hidden1`, of the backward direction as `hiddenReverse`.
   *
   * @param state in which the pass begins, of one layer in one direction. Default zeros
   */
  trace(x: Tensor, state?: S): T {
    const model = {
      forward: (input: Tensor, pass?: Pass) =>
        state !== undefined
          ? this.continue(input, state, pass).sequence
          : this.compute(input, pass ?? inference),
      namedParameters: () => this.namedParameters(),
    };
    const own = [...trace(model, x)].map(([name, values]) => [name.replace(/^gate[.]/, ''), values] as const);
    return Object.fromEntries(own.filter(([name]) => !name.includes('.'))) as T;
  }

  #requireSequences(x: Tensor, pass: Pass): void {
    requireTensor(this.title, x);
    checkArgument(this.title, 'pass', passRule, pass);
    const { mask } = pass;
    const { in: width } = this.options;
    const [batch, steps] = x.shape;
    if (x.rank !== 3 || steps === 0 || x.shape[2] !== width)
      throw new ShapeError({
        operation: this.title,
        expected: `sequences of shape [B, T, ${width}], T at least 1`,
        actual: shapeText(x.shape),
      });
    if (mask && mask.shape.join() !== `${batch},${steps}`)
      throw new ShapeError({
        operation: this.title,
        expected: `a mask of shape [${batch}, ${steps}]`,
        actual: shapeText(mask.shape),
        remedy: 'Layers before it must keep the number of steps.',
      });
  }
}

/** The matrices of all layers and directions, by their names. */
function partsOf(
  {
    in: width,
    hiddenSize,
    layers = 1,
    bidirectional,
    weight,
    recurrentWeight = weight,
    bias,
  }: RecurrentOptions,
  { gates, recurrentBias }: { readonly gates: number; readonly recurrentBias: boolean },
): Map<string, DenseOptions> {
  const directions = bidirectional ? 2 : 1;
  const shared = { out: gates * hiddenSize, std: 1 / Math.sqrt(3 * hiddenSize) };
  const part = (
    inputs: number,
    stored: RecurrentOptions['weight'],
    own: RecurrentOptions['bias'],
  ): DenseOptions => ({
    in: inputs,
    ...shared,
    ...(stored && { weight: stored }),
    ...(own !== undefined && { bias: own }),
  });
  const parts = new Map<string, DenseOptions>();
  for (let layer = 0; layer < layers; layer++)
    for (let direction = 0; direction < directions; direction++) {
      const inputs = layer === 0 ? width : hiddenSize * directions;
      parts.set(partName('input', layer, direction), part(inputs, weight, bias));
      const own = recurrentBias ? bias : false;
      parts.set(partName('recurrent', layer, direction), part(hiddenSize, recurrentWeight, own));
    }
  return parts;
}

/** A mask of the precision of what it chooses from. */
const asMask = (mask: Tensor, { dtype }: Tensor): Tensor => (mask.dtype === dtype ? mask : cast(mask, dtype));

/** `input`, `inputReverse`, `input1`, …: parts and what they show, by layer and direction. */
function partName(name: string, layer: number, direction: number): string {
  return `${name}${direction === 1 ? 'Reverse' : ''}${layer === 0 ? '' : layer}`;
}

/** Gates by names that no output has. */
const gatesShown = (gates: object): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(Object.entries(gates).map(([name, values]) => [`gate.${name}`, values as Tensor]));

/** The next state where a step is real, else the one before. */
function kept<S extends RecurrentState>(mask: Tensor, next: S, before: S): S {
  const parts = Object.entries(next as Readonly<Record<string, Tensor>>).map(([name, value]) => [
    name,
    where(mask, value, (before as Readonly<Record<string, Tensor>>)[name] as Tensor),
  ]);
  return Object.fromEntries(parts) as S;
}
