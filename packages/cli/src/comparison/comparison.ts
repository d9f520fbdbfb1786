import type { ImageDataset, Split } from '@funhash/datasets';
import { type Arm, armOf, buildNet, parseRatio, shapeOf, workerPool } from '@funhash/experiments';
import type {
  ArmContext,
  ArmEvent,
  ArmJob,
  ArmResult,
  EpochRecord,
  Mistake,
  TrainResult,
  Verdict,
} from './arm-job.ts';
import type { CompareConfig } from './compare-config.ts';

/** An arm whose net can be built. */
export interface ArmNet extends Arm {
  /** Stored values that its net has, biases included. */
  readonly stored: number;
}

/** One training run. */
export interface RunKey {
  readonly arm: ArmNet;
  readonly seed: number;
  readonly learningRate: number;
}

export type ComparisonEvent = { readonly type: 'start' } | ArmEvent;

export interface ComparisonOptions {
  readonly config: CompareConfig;
  readonly images: ImageDataset;
  readonly arms: readonly ArmNet[];
  readonly signal?: AbortSignal;
  onEvent?(run: RunKey, event: ComparisonEvent): void;
  /** Called as each run ends. */
  onResult?(run: RunKey, result: TrainResult): void;
}

/** A run with the step that validation chose. */
export interface ChosenRun {
  readonly seed: number;
  readonly epochs: readonly EpochRecord[];
  readonly model: Uint8Array;
  readonly testError: number;
}

/** An arm at the end of a comparison. */
export interface ArmOutcome {
  readonly arm: ArmNet;
  /** The chosen one. */
  readonly learningRate: number;
  /** Mean validation error of every step tried; null where a run diverged. */
  readonly scan: readonly { readonly learningRate: number; readonly validationError: number | null }[];
  /** By seed; none where every step diverged. */
  readonly runs: readonly ChosenRun[];
  /** Of the first seed's net. */
  readonly mistakes: readonly Mistake[];
  readonly units: readonly Float32Array[];
}

/**
 * Trains schemes × ratios × learning rates × seeds side by side. All arms of a ratio store the same number of values
 * and train for the same epochs on the same images. The learning rate of an arm is chosen by the mean validation error
 * of its last epoch; only then, and only with it, are its nets judged on the test images.
 */
export async function compareArms({
  config,
  images,
  arms,
  signal,
  onEvent,
  onResult,
}: ComparisonOptions): Promise<ArmOutcome[]> {
  const runs = arms.flatMap((arm) =>
    (config.learningRates ?? [arm.learningRate]).flatMap((learningRate) =>
      Array.from({ length: config.seeds }, (_, k): RunKey => ({ arm, seed: config.seed + k, learningRate })),
    ),
  );
  const pool = workerPool<ArmJob, ArmEvent, ArmResult>({
    entry: new URL(import.meta.url.endsWith('.ts') ? './arm.worker.ts' : './arm.worker.js', import.meta.url),
    workerData: contextOf(config, images),
    threads: Math.min(config.threads, runs.length),
    ...(signal && { signal }),
  });
  try {
    const jobs = runs.map((run): ArmJob => ({ type: 'train', ...run }));
    const keyOf = new Map(jobs.map((job, k) => [job, runs[k] as RunKey]));
    const trained = (await pool.run(jobs, {
      onStart: (job) => onEvent?.(keyOf.get(job) as RunKey, { type: 'start' }),
      onEvent: (job, event) => onEvent?.(keyOf.get(job) as RunKey, event),
      onDone: (job, result) => onResult?.(keyOf.get(job) as RunKey, result as TrainResult),
    })) as TrainResult[];
    const chosen = arms.map((arm) => choose(arm, runs, trained));
    const judgements = chosen.flatMap(({ runs: kept }) =>
      kept.map(({ model }, k): ArmJob => ({ type: 'judge', model, hasPictures: k === 0 })),
    );
    const verdicts = (await pool.run(judgements)) as Verdict[];
    return chosen.map(({ runs: kept, ...arm }) => {
      const own = verdicts.splice(0, kept.length);
      const [first] = own;
      return {
        ...arm,
        runs: kept.map((run, k) => ({ ...run, testError: (own[k] as Verdict).testError })),
        mistakes: first?.mistakes ?? [],
        units: first?.units ?? [],
      };
    });
  } finally {
    await pool.close();
  }
}

/**
 * The arms of a configuration, schemes within ratios, each built once: what cannot be is refused before training.
 *
 * @throws UsageError, or ArgumentError where a scheme does not fit its budget
 */
export function armsOf(config: CompareConfig, images: ImageDataset): ArmNet[] {
  const shape = shapeOf(config, images);
  return config.ratios.flatMap((ratio) =>
    config.schemes.map((scheme) => {
      const arm = armOf(scheme, parseRatio(ratio) as number, shape);
      return { ...arm, stored: buildNet({ ...config, ...arm }).summary().total.storedCount };
    }),
  );
}

type Chosen = Pick<ArmOutcome, 'arm' | 'learningRate' | 'scan'> & {
  readonly runs: readonly Omit<ChosenRun, 'testError'>[];
};

function choose(arm: ArmNet, runs: readonly RunKey[], results: readonly TrainResult[]): Chosen {
  const own = runs.flatMap((run, k) =>
    run.arm === arm ? [{ ...run, result: results[k] as TrainResult }] : [],
  );
  const scan = [...new Set(own.map(({ learningRate }) => learningRate))].map((learningRate) => {
    const errors = own
      .filter((run) => run.learningRate === learningRate)
      .map(({ result }) =>
        result.type === 'trained' ? (result.epochs.at(-1) as EpochRecord).validationError : Number.NaN,
      );
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    return { learningRate, validationError: Number.isNaN(mean) ? null : mean };
  });
  const [best] = scan
    .filter(({ validationError }) => validationError !== null)
    .sort((a, b) => (a.validationError as number) - (b.validationError as number));
  const learningRate = best?.learningRate ?? (scan[0]?.learningRate as number);
  const kept = own.flatMap(({ seed, result, ...run }) => {
    if (!best || run.learningRate !== learningRate || result.type !== 'trained') return [];
    return [{ seed, epochs: result.epochs, model: result.model }];
  });
  return { arm, learningRate, scan, runs: kept };
}

function contextOf(config: CompareConfig, images: ImageDataset): ArmContext {
  const { width, height, channels } = images;
  return {
    pool: inSharedMemory(images.train),
    test: inSharedMemory(images.test),
    width,
    height,
    channels,
    config,
  };
}

// Every worker reads the same images: none has a copy of its own.
function inSharedMemory({ count, inputs: images, labels }: Split): Split {
  const shared = (bytes: Uint8Array): Uint8Array => {
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
    copy.set(bytes);
    return copy;
  };
  return { count, inputs: shared(images), labels: shared(labels) };
}
