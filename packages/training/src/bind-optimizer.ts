import { add, divide, minimum, multiply, sqrt, square, sum } from '@funhash/autodiff';
import { type Program, type Real, tracePointwise } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import {
  assign,
  keep,
  requireTensor,
  ShapeError,
  sameShape,
  scope,
  shapeText,
  type Tensor,
  tensor,
  updateInPlace,
  zeros,
} from '@funhash/tensor';
import type {
  BoundOptimizer,
  NumericArray,
  OptimizerOptions,
  OptimizerRule,
  OptimizerState,
  RuleOptions,
  RunLength,
} from './optimizer.ts';

type Numbers = Readonly<Record<string, number>>;
type AnyRule<O extends RuleOptions> = OptimizerRule<O, string, string>;

type Resolved<O> = O & OptimizerOptions & { readonly weightDecay: number };

/** The scale of a tensor that starts at 0: with learning rate 0.27 the steps of a bias are 0.008. */
const zeroScale = 0.03;

interface Target {
  readonly name: string;
  readonly slots: readonly Tensor[];
  /** What a step overwrites: the value, then the slots. */
  readonly places: readonly Tensor[];
  readonly decays: boolean;
  readonly program: Program;
  /** What the program is told of a step. */
  readonly scalars: number[];
}

/** Binds a rule to parameters: scales are measured, slots are zero. */
export async function bindOptimizer<O extends RuleOptions>(
  rule: AnyRule<O>,
  options: Resolved<O>,
  parameters: ReadonlyMap<string, Parameter>,
  length: RunLength,
): Promise<BoundOptimizer> {
  const entries = [...parameters];
  const scales: number[] = [];
  for (const [, { value, rule: own }] of entries)
    scales.push((own.rate ?? 1) * (options.relativeStep ? scaleOf((await value.data()) as Float64Array) : 1));
  const decays = decayChoice(rule.name, options, [...parameters.keys(), ...(length.frozen ?? [])]);
  const slots = rule.slots(options);
  const programs = new Map<string, Program>();
  const targets = entries.map(([name, parameter]) => {
    const { value } = parameter;
    const { bounds } = parameter.rule;
    const program = programs.get(String(bounds)) ?? traceRule(rule, options, bounds);
    programs.set(String(bounds), program);
    const tensors = slots.map(() => keep(zeros(value.shape, { dtype: value.dtype })));
    return {
      ...{ name, slots: tensors, places: [value, ...tensors], program },
      ...{ decays: decays(name, parameter), scalars: [] },
    };
  });
  return new Bound(rule, options, targets, scales, length);
}

function scaleOf(values: Float32Array | Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return squares === 0 ? zeroScale : Math.sqrt(squares / values.length);
}

function decayChoice(
  operation: string,
  { noDecay = [] }: OptimizerOptions,
  names: readonly string[],
): (name: string, parameter: Parameter) => boolean {
  if (typeof noDecay === 'function') return (name, parameter) => !noDecay(name, parameter);
  const stranger = noDecay.find((name) => !names.includes(name));
  if (stranger !== undefined)
    throw new ArgumentError({
      operation,
      expected: `noDecay: names among ${names.join(', ')}`,
      actual: stranger,
    });
  return (name) => !noDecay.includes(name);
}

class Bound<O extends RuleOptions> implements BoundOptimizer {
  readonly #rule: AnyRule<O>;
  readonly #options: Resolved<O>;
  readonly #targets: readonly Target[];
  readonly #length: RunLength;
  readonly #slotNames: readonly string[];
  readonly #scalars: readonly (readonly number[])[];
  #scales: readonly number[];
  #step = 0;

  constructor(
    rule: AnyRule<O>,
    options: Resolved<O>,
    targets: readonly Target[],
    scales: readonly number[],
    length: RunLength,
  ) {
    this.#rule = rule;
    this.#options = options;
    this.#targets = targets;
    this.#scales = scales;
    this.#length = length;
    this.#slotNames = rule.slots(options);
    this.#scalars = targets.map(({ scalars }) => scalars);
  }

  get step(): number {
    return this.#step;
  }

  get learningRate(): number {
    const { learningRate = 0 } = this.#options;
    const { schedule = () => 1, steps } = this.#length;
    const own = typeof learningRate === 'function' ? learningRate(this.#step, steps) : learningRate;
    const rate = own * schedule(this.#step, steps);
    if (Number.isFinite(rate) && rate >= 0) return rate;
    throw new ArgumentError({
      operation: this.#rule.name,
      expected: `a schedule that gives a learning rate ≥ 0 at step ${this.#step}`,
      actual: String(rate),
    });
  }

  update(gradients: readonly Tensor[]): void {
    if (gradients.length !== this.#targets.length)
      throw new ArgumentError({
        operation: this.#rule.name,
        expected: `${this.#targets.length} gradients, one for each parameter`,
        actual: String(gradients.length),
      });
    // Before anything moves: a step that is refused has changed nothing.
    for (const [k, { places }] of this.#targets.entries())
      this.#requireGradient(gradients[k] as Tensor, places);
    this.prepare();
    if (this.#options.clipNorm === undefined) this.#move(gradients);
    else scope(() => this.#move(this.#clippedByNorm(gradients)));
    this.#step++;
  }

  prepare(): readonly (readonly number[])[] {
    const rate = this.learningRate;
    const hyper = Object.values(this.#hyper(this.#step + 1));
    const { weightDecay } = this.#options;
    const perStep = this.#rule.decay === 'coupled' ? weightDecay : rate * weightDecay;
    for (const [k, { decays, scalars }] of this.#targets.entries()) {
      scalars[0] = rate * (this.#scales[k] as number);
      scalars[1] = decays ? perStep : 0;
      for (const [at, number] of hyper.entries()) scalars[2 + at] = number;
    }
    return this.#scalars;
  }

  advance(): void {
    this.#step++;
  }

  #requireGradient(gradient: Tensor, [value]: readonly Tensor[]): void {
    const place = value as Tensor;
    requireTensor(this.#rule.name, gradient, 'gradient');
    if (
      sameShape(gradient.shape, place.shape) &&
      gradient.dtype === place.dtype &&
      gradient.backend === place.backend
    )
      return;
    throw new ShapeError({
      operation: this.#rule.name,
      expected: `a gradient as its parameter is, ${place}`,
      actual: String(gradient),
    });
  }

  #move(gradients: readonly Tensor[]): void {
    for (let k = 0; k < gradients.length; k++) {
      const { places, program, scalars } = this.#targets[k] as Target;
      updateInPlace(this.#rule.name, program, places, [gradients[k] as Tensor], scalars);
    }
  }

  async state(): Promise<OptimizerState> {
    const slots = new Map<string, NumericArray>();
    for (const { name, slots: tensors } of this.#targets)
      for (const [k, slot] of tensors.entries())
        slots.set(`${this.#slotNames[k]}/${name}`, { shape: slot.shape, data: await slot.data() });
    return { rule: this.#rule.name, step: this.#step, scales: [...this.#scales], slots };
  }

  restore({ rule, step, scales, slots }: OptimizerState): void {
    this.#require(rule === this.#rule.name, `the state of ${this.#rule.name}`, `that of ${rule}`);
    this.#require(Number.isSafeInteger(step) && step >= 0, 'a number of steps', String(step));
    const right =
      scales.length === this.#targets.length && scales.every((scale) => scale > 0 && scale < Infinity);
    this.#require(right, `${this.#targets.length} positive scales`, `[${scales}]`);
    const pairs = this.#targets.flatMap(({ name, slots: tensors }) =>
      tensors.map((slot, k) => [slot, this.#slotOf(slots, `${this.#slotNames[k]}/${name}`, slot)] as const),
    );
    scope(() => {
      for (const [slot, { data, shape }] of pairs) assign(slot, tensor(data, shape, { dtype: slot.dtype }));
    });
    this.#scales = [...scales];
    this.#step = step;
  }

  dispose(): void {
    for (const { slots } of this.#targets) for (const slot of slots) slot.dispose();
  }

  #slotOf(slots: ReadonlyMap<string, NumericArray>, key: string, slot: Tensor): NumericArray {
    const found = slots.get(key);
    const actual = found ? shapeText(found.shape) : 'none';
    this.#require(
      found && sameShape(found.shape, slot.shape),
      `${key} of shape ${shapeText(slot.shape)}`,
      actual,
    );
    return found as NumericArray;
  }

  #require(condition: unknown, expected: string, actual: string): void {
    if (condition) return;
    const remedy = 'Restore into a model and an optimiser made with the same options.';
    throw new ArgumentError({ operation: `${this.#rule.name}.restore`, expected, actual, remedy });
  }

  #hyper(step: number): Numbers {
    return hyperOf(this.#rule, this.#options, step);
  }

  // On the device: no step waits for a number to come back.
  #clippedByNorm(gradients: readonly Tensor[]): readonly Tensor[] {
    const norm = sqrt(
      gradients.map((gradient) => sum(square(gradient))).reduce((total, squares) => add(total, squares)),
    );
    const factor = minimum(divide(this.#options.clipNorm as number, add(norm, 1e-6)), 1);
    return gradients.map((gradient) => multiply(gradient, factor));
  }
}

function hyperOf<O extends RuleOptions>(rule: AnyRule<O>, options: Resolved<O>, step: number): Numbers {
  const hyper: Numbers = rule.hyper(options, step);
  for (const name in hyper)
    if (!Number.isFinite(hyper[name]))
      throw new ArgumentError({
        operation: rule.name,
        expected: 'options for which every term of the rule is finite, such as betas below 1',
        actual: `${name} = ${hyper[name]} at step ${step}`,
      });
  return hyper;
}

/** @param bounds of the parameters, where they have some */
function traceRule<O extends RuleOptions>(
  rule: AnyRule<O>,
  options: Resolved<O>,
  bounds: readonly [low: number, high: number] | undefined,
): Program {
  const slotNames = rule.slots(options);
  const hyperNames = Object.keys(hyperOf(rule, options, 1));
  return tracePointwise(slotNames.length + 2, hyperNames.length + 2, (inputs, scalars) => {
    const [parameter, ...rest] = inputs as [Real, ...Real[]];
    const [learningRate, decay, ...numbers] = scalars as [Real, Real, ...Real[]];
    const limit = options.clipValue;
    const given = rest.pop() as Real;
    const gradient = limit === undefined ? given : given.minimum(limit).maximum(-limit);
    const [coupled, decoupled] = ['coupled', 'decoupled'].map(
      (kind) => rule.decay === kind && options.weightDecay > 0,
    );
    const moved = rule.update(
      {
        parameter: decoupled ? parameter.minus(decay.times(parameter)) : parameter,
        gradient: coupled ? gradient.plus(decay.times(parameter)) : gradient,
        learningRate,
        slots: named(slotNames, rest),
        hyper: named(hyperNames, numbers),
      },
      options,
    );
    const value = bounds ? moved.parameter.maximum(bounds[0]).minimum(bounds[1]) : moved.parameter;
    return [value, ...slotNames.map((name) => moved.slots[name] as Real)];
  });
}

function named(names: readonly string[], values: readonly Real[]): Record<string, Real> {
  return Object.fromEntries(names.map((name, k) => [name, values[k] as Real]));
}
