import { SequenceError } from '../errors.ts';
import { type Sequences, sequenceList } from '../observation/sequences.ts';
import { batchesOf, type CoverageProbe } from '../probe/probe.ts';
import type { Test } from './archive.ts';
import type { SeedRecord } from './strategies.ts';

/** Seeds that a model gets right. */
export interface RightSeeds {
  readonly seeds: readonly Test[];
  readonly labels: readonly number[];
  /** What is known of each: itself. */
  readonly records: readonly SeedRecord[];
  /** How many others it gets wrong. */
  readonly wrong: number;
}

/** @throws SequenceError for seeds without labels, of a single class, or all of which the model gets wrong */
export function rightSeeds(probe: CoverageProbe, given: Sequences): RightSeeds {
  const { items, labels: all } = sequenceList('rnnTest', given);
  const refuse = (expected: string, actual: string): never => {
    throw new SequenceError({ operation: 'rnnTest', expected, actual });
  };
  if (!all) return refuse('seeds with their right classes as labels', 'none');
  if (new Set(Array.from(all)).size < 2) return refuse('seeds of at least two classes', 'those of one');
  const seeds: Test[] = [];
  const labels: number[] = [];
  const records: SeedRecord[] = [];
  let at = 0;
  for (const batch of batchesOf(items, probe.batchSize)) {
    const { answers, margins } = probe.measure(batch);
    for (const [k, sequence] of batch.entries()) {
      const label = all[at++] as number;
      if (answers[k] !== label) continue;
      const test = { ...sequence, seed: seeds.length };
      seeds.push(test);
      labels.push(label);
      records.push({ test, margin: margins[k] as number, failed: false });
    }
  }
  const wrong = items.length - seeds.length;
  if (seeds.length === 0) return refuse('seeds that the model gets right', `${wrong} that it gets wrong`);
  return { seeds, labels, records, wrong };
}
