import { SpecError } from '../errors.ts';
import type { Executor } from '../executors/executor.ts';
import { buildNet } from '../nets/build-net.ts';
import { type DataExtents, shapeOf, widthsOf } from '../nets/model-kinds.ts';
import { parseRatio } from '../nets/scheme-text.ts';
import type { EpochEvent, Mistake, RunEvent, RunResult } from '../run/run-event.ts';
import { isFromFile, type NewNetSpec, type RunSpec, runSpec } from '../spec/run-spec.ts';
import { type EpochRecord, readMetrics } from '../store/metrics.ts';
import { runFiles } from '../store/run-folder.ts';
import type { RunStore } from '../store/run-store.ts';
import { type Arm, armOf } from './arms.ts';

/** What is compared: schemes × ratios × learning rates × seeds. */
export interface ComparisonPlan {
  /** What all runs have in common; of its net the shape alone, of its seeds the first. */
  readonly base: RunSpec;
  /** Scheme texts without a size, and `narrow`. */
  readonly schemes: readonly string[];
  /** Texts such as 1/64. */
  readonly ratios: readonly string[];
  /** Runs of each arm. */
  readonly seeds: number;
  /** Steps tried for every arm, of which validation chooses one. Default: that of the recipe. */
  readonly learningRates?: readonly number[] | undefined;
}

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

export interface ComparisonOptions {
  readonly plan: ComparisonPlan;
  readonly arms: readonly ArmNet[];
  /** Keeps every run: one that is finished there is not trained again. */
  readonly store: RunStore;
  readonly executor: Executor;
  readonly signal?: AbortSignal;
  /** Called with all that happens in training; epochs that the store has already come first. */
  onEvent?(run: RunKey, event: RunEvent): void;
}

/** A run with the step that validation chose. */
export interface ChosenRun {
  readonly seed: number;
  readonly epochs: readonly EpochRecord[];
  /** Path of the model file. */
  readonly model: string;
  readonly modelBytes: number;
  readonly testError: number;
}

/** An arm at the end of a comparison. */
export interface ArmOutcome {
  readonly arm: ArmNet;
  /** The chosen one. */
  readonly learningRate: number;
  /** Mean validation error of every step tried; null where a run diverged. */
  readonly scan: readonly { readonly learningRate: number; readonly validationError: number | null }[];
  /** Runs by seed; none where every step diverged. */
  readonly runs: readonly ChosenRun[];
  /** Test images by class and prediction, of the first seed's net; empty where every step diverged. */
  readonly confusion: readonly (readonly number[])[];
  /** Mistakes of the first seed's net. */
  readonly mistakes: readonly Mistake[];
  /** Rows of the first seed's first matrix. */
  readonly units: readonly (readonly number[])[];
}

/** A trained run; undefined where it diverged. */
type Trained = Omit<ChosenRun, 'seed' | 'testError'> | undefined;

/**
 * Trains schemes × ratios × learning rates × seeds side by side. All arms of a ratio store the same number of values
 * and train for the same epochs on the same images. The learning rate of an arm is chosen by the mean validation error
 * of its last epoch; only then, and only with it, are its nets judged on the test images.
 *
 * @throws the reason of the signal where it was aborted: runs keep their checkpoints, and go on in the same store
 */
export async function compareArms(options: ComparisonOptions): Promise<ArmOutcome[]> {
  const { plan, arms } = options;
  const runs = arms.flatMap((arm) =>
    (plan.learningRates ?? [arm.learningRate]).flatMap((learningRate) =>
      Array.from({ length: plan.seeds }, (_, k): RunKey => ({ arm, seed: plan.base.seed + k, learningRate })),
    ),
  );
  // The first failure ends the others.
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  const guarded = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      failure.abort(error);
      throw error;
    });
  const trained = await all(runs.map((run) => guarded(trainArm(run, { ...options, signal }))));
  const chosen = arms.map((arm) => choose(arm, runs, trained));
  return all(
    chosen.map(async ({ runs: kept, ...arm }) => {
      const verdicts = await all(
        kept.map(({ model }, k) => guarded(judged(model, k === 0, { ...options, signal }))),
      );
      const [first] = verdicts;
      return {
        ...arm,
        runs: kept.map((run, k) => ({ ...run, testError: (verdicts[k] as RunResult).testError as number })),
        confusion: first?.confusion ?? [],
        mistakes: first?.mistakes ?? [],
        units: first?.units ?? [],
      };
    }),
  );
}

/** Waits for all, also where one fails: the others save what they have. @throws the first failure */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/**
 * The arms of a plan, schemes within ratios, each built once: what cannot be is refused before training.
 *
 * @throws SpecError, or ArgumentError where a scheme does not fit its budget
 */
export function armsOf({ base, schemes, ratios }: ComparisonPlan, data: DataExtents): ArmNet[] {
  const net = newNetOf(base);
  const shape = shapeOf(net, data);
  return ratios.flatMap((ratio) =>
    schemes.map((scheme) => {
      const arm = armOf(scheme, parseRatio(ratio) as number, shape);
      const built = buildNet({ ...net, ...arm, seed: base.seed });
      return { ...arm, stored: built.summary().total.storedCount };
    }),
  );
}

/** The spec of one run of a comparison. */
export function armSpec(base: RunSpec, { arm, seed, learningRate }: RunKey): RunSpec {
  const net = newNetOf(base);
  return runSpec({
    ...base,
    net: {
      ...net,
      widths: widthsOf(arm),
      weights: arm.weights,
      dropout: arm.takesDropout ? net.dropout : 0,
    },
    optimizer: { ...base.optimizer, learningRate },
    seed,
    judge: null,
  });
}

function newNetOf({ net }: RunSpec): NewNetSpec {
  if (!isFromFile(net)) return net;
  throw new SpecError({
    operation: 'comparison',
    expected: 'a model by name',
    actual: `the file ${net.file}`,
  });
}

async function trainArm(
  run: RunKey,
  { plan, store, executor, signal, onEvent }: ComparisonOptions,
): Promise<Trained> {
  const spec = armSpec(plan.base, run);
  const folder = store.folderOf(spec);
  const { epochs: recorded } = await readMetrics(folder);
  const before = recorded.map((record): EpochEvent => ({ type: 'epoch', ...record }));
  let isTold = false;
  const tellBefore = (step: number): void => {
    if (!isTold) for (const event of before) if (event.step <= step) onEvent?.(run, event);
    isTold = true;
  };
  for await (const event of store.run(spec, { executor, ...(signal && { signal }) })) {
    if (event.type === 'result') tellBefore(Number.POSITIVE_INFINITY);
    onEvent?.(run, event);
    if (event.type === 'start') tellBefore(event.step);
    if (event.type === 'end' && event.reason === 'diverged') return undefined;
    if (event.type === 'result') {
      const { epochs } = await readMetrics(folder);
      return { epochs, model: `${folder}/${runFiles.model}`, modelBytes: event.result.fileBytes ?? 0 };
    }
  }
  signal?.throwIfAborted();
  throw new SpecError({ operation: 'comparison', expected: `a result in ${folder}`, actual: 'none' });
}

const mostMistakes = 24;
const shownUnits = 12;

/** A trained net on the test images: a run without epochs. */
async function judged(
  model: string,
  isShown: boolean,
  { plan, executor, signal }: ComparisonOptions,
): Promise<RunResult> {
  const { data, backend, loss } = plan.base;
  const request = {
    data,
    backend,
    ...(loss !== undefined && { loss }),
    net: { file: model },
    epochs: 0,
    judge: isShown ? { mistakes: mostMistakes, units: shownUnits, confusion: true } : {},
  };
  for await (const event of executor.run(request, signal && { signal }))
    if (event.type === 'result') return event.result;
  throw new SpecError({ operation: 'comparison', expected: `a judgement of ${model}`, actual: 'none' });
}

type Chosen = Pick<ArmOutcome, 'arm' | 'learningRate' | 'scan'> & {
  readonly runs: readonly Omit<ChosenRun, 'testError'>[];
};

function choose(arm: ArmNet, runs: readonly RunKey[], results: readonly Trained[]): Chosen {
  const own = runs.flatMap((run, k) => (run.arm === arm ? [{ ...run, trained: results[k] }] : []));
  const scan = [...new Set(own.map(({ learningRate }) => learningRate))].map((learningRate) => {
    const errors = own
      .filter((run) => run.learningRate === learningRate)
      .map(({ trained }) => trained?.epochs.at(-1)?.validation?.errorRate ?? Number.NaN);
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    return { learningRate, validationError: Number.isNaN(mean) ? null : mean };
  });
  const [best] = scan
    .filter(({ validationError }) => validationError !== null)
    .sort((a, b) => (a.validationError as number) - (b.validationError as number));
  const learningRate = best?.learningRate ?? (scan[0]?.learningRate as number);
  const kept = own.flatMap(({ seed, trained, ...run }) =>
    best && run.learningRate === learningRate && trained ? [{ seed, ...trained }] : [],
  );
  return { arm, learningRate, scan, runs: kept };
}
