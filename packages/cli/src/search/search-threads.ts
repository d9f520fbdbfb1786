import { type WorkerPool, workerPool } from '@funhash/experiments';
import type { ChunkJob, ChunkResult, CoverageProbe, ProbeOptions, Sequences } from '@funhash/rnn-testing';
import type { RnnTestConfig } from '../settings/rnn-test-settings.ts';
import type { SearchData } from './search-data.ts';

/** What each thread is given once. */
export interface SearchThreadData {
  readonly model: string;
  readonly config: RnnTestConfig;
  readonly data: SearchData;
  readonly constants: ProbeOptions['constants'];
}

/** Threads that carry out parts of a search. */
export type SearchThreads = WorkerPool<ChunkJob, never, ChunkResult>;

/** Starts threads for a search: each has the model, and the constants of this thread. */
export function searchThreads(
  threads: number,
  model: string,
  config: RnnTestConfig,
  data: SearchData,
  probe: CoverageProbe,
): SearchThreads {
  const workerData: SearchThreadData = {
    model,
    config,
    constants: Object.fromEntries(probe.metrics.map(({ id, constants }) => [id, constants])),
    data: {
      name: data.name,
      isText: data.isText,
      // One sequence says what all are like.
      training: firstOf(data.training),
      seeds: data.seeds,
      synonyms: data.synonyms,
    },
  };
  return workerPool({
    entry: new URL(
      import.meta.url.endsWith('.ts') ? './search.worker.ts' : './search.worker.js',
      import.meta.url,
    ),
    workerData,
    threads,
  });
}

/** A job without what lies around its arrays: a view would be sent with all of its buffer. */
export function sentJob(job: ChunkJob): ChunkJob {
  return { ...job, parents: job.parents.map((test) => ({ ...test, values: test.values.slice() })) };
}

function firstOf({ inputs, inputShape, lengths }: Sequences): Sequences {
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  return {
    inputs: inputs.slice(0, size),
    inputShape,
    ...(lengths && { lengths: [lengths[0] as number] }),
  };
}
