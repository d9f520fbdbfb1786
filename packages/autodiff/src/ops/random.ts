import { Graph, Program, Real, symbolicWords, Word } from '@funhash/formula';
import { checkOptions, type OptionsOf, option, xxHash32Formula } from '@funhash/hashing';
import {
  checkShape,
  contiguousStrides,
  currentBackend,
  requireRoom,
  runVirtualRows,
  type Shape,
  sizeOf,
  type Tensor,
} from '@funhash/tensor';
import { seedOption, tensorOption } from './option-rules.ts';

/**
 * Random tensors: element k is a function of k and the seed alone (xxHash32 of two words), so that the same seed gives
 * the same numbers on every backend, in any order of evaluation. They are virtual matrices without stored values, and
 * run as any other formula does.
 */

const rules = {
  /** A whole number, of which 32 bits count: the same one gives the same numbers on every backend. */
  seed: option.required(seedOption()),
  /** The tensor whose dtype and backend the result has. Default: f32 on the current backend. */
  like: tensorOption(),
};

/** Options of `randomUniform` and `randomNormal`. */
export type RandomOptions = OptionsOf<typeof rules>;

const bernoulliRules = {
  ...rules,
  /** The probability of `value`, from 0 to 1, in steps of 2^-32. */
  probability: option.required(option.real({ least: 0, most: 1 })),
  /** What is drawn with this probability. Default 1. */
  value: option.real(),
};

/** Options of `randomBernoulli`. */
export type BernoulliOptions = OptionsOf<typeof bernoulliRules>;

type Draw = (index: number) => Word;

/**
 * Numbers uniform in [0, 1), multiples of 2^-24, exactly the same on every backend: a tensor of `shape`, without
 * gradient.
 *
 * @throws OptionError for an unknown option; ArgumentError without a seed
 */
export function randomUniform(shape: Shape, options: RandomOptions): Tensor {
  checkShape(shape, 'randomUniform');
  checkOptions('randomUniform', rules, options);
  return drawn('randomUniform', shape, uniform, options, [], []);
}

/**
 * Normal numbers with mean 0 and standard deviation 1, by Box and Muller 1958: a tensor of `shape`, without gradient.
 *
 * @throws OptionError for an unknown option; ArgumentError without a seed
 */
export function randomNormal(shape: Shape, options: RandomOptions): Tensor {
  checkShape(shape, 'randomNormal');
  checkOptions('randomNormal', rules, options);
  return drawn('randomNormal', shape, normal, options, [], []);
}

/**
 * A tensor of `shape` whose elements are `value` with the given probability, else 0; no gradient.
 *
 * @throws OptionError for an unknown option; ArgumentError without a seed, or for a probability outside of [0, 1]
 */
export function randomBernoulli(shape: Shape, options: BernoulliOptions): Tensor {
  checkShape(shape, 'randomBernoulli');
  checkOptions('randomBernoulli', bernoulliRules, options);
  const { probability, value = 1 } = options;
  const below = Math.ceil((1 - probability) * 2 ** 32);
  if (below === 2 ** 32) return drawn('randomBernoulli', shape, bernoulli, options, [0], [0]);
  return drawn('randomBernoulli', shape, bernoulli, options, [below], [value]);
}

function drawn(
  operation: string,
  shape: Shape,
  program: Program,
  { seed, like }: RandomOptions,
  uniforms: readonly number[],
  scalars: readonly number[],
): Tensor {
  const v = {
    program,
    rows: 1,
    cols: sizeOf(shape),
    uniforms: [seed >>> 0, ...uniforms],
    scalars,
    stored: [],
  };
  const drawing = { dtype: like?.dtype ?? 'f32', backend: like?.backend ?? currentBackend() } as const;
  requireRoom(operation, drawing.dtype, sizeOf(shape));
  return runVirtualRows(v, null, drawing).view(shape, contiguousStrides(shape), 0);
}

const uniform = traced(0, 0, (_, draw) => unit(draw(0), 0));

const normal = traced(0, 0, (_, draw) => {
  const radius = unit(draw(0), 1).log().times(-2).sqrt();
  return radius.times(
    unit(draw(1), 0)
      .times(2 * Math.PI)
      .cos(),
  );
});

const bernoulli = traced(1, 1, (graph, draw) => {
  const threshold = new Word(graph, graph.node('uniform', [], 1));
  const value = Real.from(graph, graph.node('scalar', [], 0));
  return draw(0).lessThan(threshold).select(0, value);
});

/** The high 24 bits of a word, as a multiple of 2^-24 from `first`·2^-24 on. */
function unit(word: Word, first: 0 | 1): Real {
  return word
    .shr(8)
    .plus(first)
    .asReal()
    .times(2 ** -24);
}

function traced(uniforms: number, scalars: number, write: (graph: Graph, draw: Draw) => Real): Program {
  const graph = new Graph();
  const words = symbolicWords(graph);
  const [col, seed] = [graph.node('col'), graph.node('uniform', [], 0)].map((id) => new Word(graph, id)) as [
    Word,
    Word,
  ];
  const draw: Draw = (index) => xxHash32Formula(words, col, Word.constant(graph, index), seed);
  const { id } = write(graph, draw);
  return new Program(graph, [id], [], { stored: 0, inputs: 0, uniforms: 1 + uniforms, scalars });
}
