import { joinArrays, random } from '@funhash/hashing';
import type { Mutation } from '../mutation/mutation.ts';
import type { Oracle } from '../oracle/oracle.ts';
import type { CoverageProbe, MeasuredTests } from '../probe/probe.ts';
import type { Test } from './archive.ts';

/** Tests that are made and run together. Fixed: results do not depend on how many workers share a round. */
export const chunkSize = 100;

/** What all chunks of a campaign share. */
export interface ChunkContext {
  readonly probe: CoverageProbe;
  readonly seeds: readonly Test[];
  /** Right class of each seed. */
  readonly labels: readonly number[];
  readonly oracle: Oracle;
  /** Whether tests are drawn back into the oracle's radius. */
  readonly project: boolean;
  /** Decides all draws, together with the round and the place of the chunk. */
  readonly seed: number;
}

/** Tests of a round that are made and run together. */
export interface Chunk {
  readonly round: number;
  readonly place: number;
  readonly parents: readonly Test[];
  /** How each parent is changed. */
  readonly mutations: readonly Mutation[];
}

/** Name of one of the two mutations of a campaign. */
export type MutationRole = 'mutation' | 'searchMutation';

/** A chunk as plain data, for a worker that has the campaign's mutations. */
export interface ChunkJob extends Omit<Chunk, 'mutations'> {
  readonly mutations: readonly MutationRole[];
}

/** What became of a chunk, as plain data. */
export interface ChunkResult extends MeasuredTests {
  readonly tests: readonly Test[];
  /** Distance from the seed of tests with another class, [count]; NaN for the others, whose distance nobody asks for. */
  readonly distances: Float64Array;
}

/** Makes the tests of a chunk, runs and judges them. Equal chunks give equal bits, wherever they run. */
export function runChunk(
  { probe, seeds, labels, oracle, project, seed }: ChunkContext,
  { round, place, parents, mutations }: Chunk,
): ChunkResult {
  const { inputShape, window } = probe;
  const draws = random(seed).fork('round').fork(round).fork('chunk').fork(place);
  const tests = parents.map((parent, k): Test => {
    const mutant = (mutations[k] as Mutation).mutate(parent, draws, { inputShape, padding: window.padding });
    const origin = seeds[parent.seed] as Test;
    return { ...(project ? oracle.project(origin, mutant, inputShape) : mutant), seed: parent.seed };
  });
  const { readings: _, ...measured } = probe.measure(tests);
  const distances = Float64Array.from(tests, (test, k) =>
    measured.answers[k] === labels[test.seed]
      ? Number.NaN
      : oracle.distance(seeds[test.seed] as Test, test, inputShape),
  );
  return { ...measured, tests, distances };
}

/** Chunks of a round as one, in their order. */
export function joinedChunks(results: readonly ChunkResult[]): ChunkResult {
  const [first] = results as [ChunkResult];
  const floats = (of: (result: ChunkResult) => Float64Array): Float64Array =>
    joinArrays(Float64Array, results.map(of));
  return {
    count: results.reduce((sum, { count }) => sum + count, 0),
    tests: results.flatMap(({ tests }) => tests),
    answers: joinArrays(
      Int32Array,
      results.map(({ answers }) => answers),
    ),
    margins: floats(({ margins }) => margins),
    distances: floats(({ distances }) => distances),
    positions: new Map(
      [...first.positions.keys()].map((id) => [
        id,
        floats(({ positions }) => positions.get(id) as Float64Array),
      ]),
    ),
  };
}
