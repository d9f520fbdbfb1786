import type { Model, Module } from '@funhash/layers';
import {
  type CoverageProbe,
  type NetworkMutant,
  networkMutants,
  type Sequences,
  type SuiteStrength,
  suiteStrength,
  type Test,
} from '@funhash/rnn-testing';

/** How many other nets a suite tells from the net, and how many the same number of seeds do. */
export interface SuiteComparison {
  readonly suite: SuiteStrength;
  readonly seeds: SuiteStrength;
}

/** What a suite is measured by. */
export interface SuiteYardstick {
  readonly net: Module;
  /** Nets with one damaged parameter. */
  readonly mutants: number;
  /** A net to be told from it too, such as its compressed form. */
  readonly other?: Model | undefined;
  readonly seed: number;
}

/** Measures a suite, and as many seeds beside it. */
export async function compareSuites(
  probe: CoverageProbe,
  suite: readonly Test[],
  seeds: readonly Test[],
  yardstick: SuiteYardstick,
): Promise<SuiteComparison> {
  // Spread over the seeds, which stand in the order of the data.
  const some = suite.map((_, k) => seeds[Math.floor((k * seeds.length) / suite.length)] as Test);
  return {
    suite: await suiteStrength(probe, sequencesOf(suite, probe), nets(yardstick)),
    seeds: await suiteStrength(probe, sequencesOf(some, probe), nets(yardstick)),
  };
}

async function* nets({ net, mutants, other, seed }: SuiteYardstick): AsyncGenerator<NetworkMutant> {
  yield* networkMutants(net, { count: mutants, seed });
  if (other) yield { name: 'the other net', model: other };
}

function sequencesOf(tests: readonly Test[], { inputShape }: CoverageProbe): Sequences {
  const [first] = tests;
  const size = first?.values.length ?? 0;
  const inputs =
    first?.values instanceof Int32Array
      ? new Int32Array(tests.length * size)
      : new Float32Array(tests.length * size);
  for (const [k, { values }] of tests.entries()) inputs.set(values, k * size);
  const lengths = tests.map(({ length }) => length ?? (inputShape[0] as number));
  return { inputs, inputShape, lengths };
}
