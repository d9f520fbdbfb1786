import { checkOptions, type OptionsOf, option, random } from '@funhash/hashing';
import { load, type Model, type Module } from '@funhash/layers';
import { tensor } from '@funhash/tensor';
import { type Sequences, sequenceList } from '../observation/sequences.ts';
import type { CoverageProbe } from '../probe/probe.ts';
import { batchesOf } from '../probe/probe.ts';

/** A network that is a little wrong. */
export interface NetworkMutant {
  readonly name: string;
  readonly model: Model;
}

/** Ways to damage the values of one parameter; `strength` is the share of the damage. */
const damages = {
  /** Adds noise of `strength` times the deviation of the values. */
  noise: (values, strength, draw) => {
    let squares = 0;
    for (const value of values) squares += value * value;
    const std = Math.sqrt(squares / values.length);
    return values.map((value) => value + strength * std * draw.normal());
  },
  /** Sets a share of the values to 0. */
  drop: (values, strength, draw) => values.map((value) => (draw.uniform() < strength ? 0 : value)),
  /** Turns the signs of a share of the values. */
  flip: (values, strength, draw) => values.map((value) => (draw.uniform() < strength ? -value : value)),
} as const satisfies Record<
  string,
  (values: Float32Array, strength: number, draw: ReturnType<typeof random>) => Float32Array
>;

const rules = {
  /** Mutants. Default 20. */
  count: option.integer({ least: 1, most: 10_000 }),
  /** How much of one parameter is damaged. Default 0.1. */
  strength: option.positive(),
  /** Damages, in turn. Default all. */
  damages: option.list(option.oneOf(Object.keys(damages) as (keyof typeof damages)[]), { least: 1 }),
  /** Decides the draws. Default 0. */
  seed: option.integer(),
};

/** Options of `networkMutants`. */
export type MutantOptions = OptionsOf<typeof rules>;

/** Copies of a network, each with one damaged parameter; each lives until the next is asked for. */
export async function* networkMutants(
  model: Module,
  options: MutantOptions = {},
): AsyncGenerator<NetworkMutant> {
  checkOptions('networkMutants', rules, options);
  const {
    count = 20,
    strength = 0.1,
    seed = 0,
    damages: names = Object.keys(damages) as (keyof typeof damages)[],
  } = options;
  const bytes = await model.toBytes();
  for (let k = 0; k < count; k++) {
    const draw = random(seed).fork(k);
    const mutant = await load(bytes);
    const parameters = [...mutant.namedParameters()];
    const [name, parameter] = parameters[draw.integer(parameters.length)] as (typeof parameters)[number];
    const damage = names[k % names.length] as keyof typeof damages;
    const { shape } = parameter.value;
    const values = Float32Array.from(parameter.value.dataSync() as ArrayLike<number>);
    parameter.assign(tensor(damages[damage](values, strength, draw), shape));
    yield { name: `${k}: ${damage} of ${name}`, model: mutant };
    mutant.dispose();
  }
}

/** What a suite saw of one mutant. */
export interface MutantOutcome {
  readonly name: string;
  /** Tests for which it gives another class than the network. */
  readonly seenBy: number;
}

/** How good a suite is at telling a network from others. */
export interface SuiteStrength {
  readonly tests: number;
  /** Mutants for which at least one test gives another class. */
  readonly killed: number;
  /** Share of the mutants that are killed. */
  readonly score: number;
  readonly mutants: readonly MutantOutcome[];
}

/**
 * Mutation testing of a network: the share of its mutants that a suite tells from it by the class of some test. Mutants
 * are those of `networkMutants`, or compressed forms of the network.
 *
 * Source: DeMillo, Lipton, Sayward 1978; of networks Ma et al. 2018, DeepMutation, arXiv:1805.05206.
 */
export async function suiteStrength(
  probe: CoverageProbe,
  suite: Sequences,
  mutants: AsyncIterable<NetworkMutant> | Iterable<NetworkMutant>,
): Promise<SuiteStrength> {
  const { items } = sequenceList('suiteStrength', suite);
  const answersOf = (model: Model): number[] =>
    [...batchesOf(items, probe.batchSize)].flatMap((batch) => [...probe.measure(batch, model).answers]);
  const right = answersOf(probe.model);
  const outcomes: MutantOutcome[] = [];
  for await (const { name, model } of mutants) {
    const answers = answersOf(model);
    outcomes.push({ name, seenBy: answers.filter((answer, k) => answer !== right[k]).length });
  }
  const killed = outcomes.filter(({ seenBy }) => seenBy > 0).length;
  return {
    tests: items.length,
    killed,
    score: outcomes.length === 0 ? 0 : killed / outcomes.length,
    mutants: outcomes,
  };
}
