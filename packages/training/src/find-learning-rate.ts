import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { DivergedError } from './errors.ts';
import { eventLoopPauses } from './event-loop.ts';
import { fitRules } from './fit-config.ts';
import { settingsOf } from './fit-settings.ts';
import type { Optimizer } from './optimizer.ts';
import { assignValues, valuesOf } from './parameter-values.ts';
import { recipe } from './recipe.ts';
import type { Schedule } from './schedules.ts';
import { TrainingRun } from './training-run.ts';

const { model, data, loss, optimizer, batchSize, accumulate, shuffle, seed } = fitRules;
const { classWeights, labelSmoothing, freeze, penalty } = fitRules;

export const finderRules = {
  model,
  data,
  loss,
  optimizer,
  batchSize,
  accumulate,
  shuffle,
  seed,
  classWeights,
  labelSmoothing,
  freeze,
  penalty,
  /** Learning rate of the first step, in the units of the optimizer's. Default 1e-6. */
  from: option.positive(),
  /** Learning rate of the last step. Default 10. */
  to: option.positive(),
  /** Steps of the ramp: from each to the next the rate grows by the same factor. Default 100, at most 10 000. */
  steps: option.integer({ least: 10, most: 10_000 }),
};

/** Configuration of `findLearningRate`: fields of that of `fit`, and the ramp. */
export type FinderConfig = OptionsOf<typeof finderRules>;

/** One step of a ramp of learning rates. */
export interface RatePoint {
  readonly learningRate: number;
  /** Loss of the step, before it. */
  readonly loss: number;
  /** Mean of the losses around, over a tenth of the ramp. */
  readonly smoothed: number;
}

/** What a ramp of learning rates came to. */
export interface LearningRateCurve {
  /** The steps up to the last, or to that at which the loss was four times the smallest, or no longer finite. */
  readonly points: readonly RatePoint[];
  /** The learning rate at which the smoothed loss falls steepest; undefined where it does not fall. */
  readonly suggestion: number | undefined;
}

/**
 * Trains along an exponential ramp of learning rates to see where the loss falls (Smith 2017, arXiv:1506.01186, §3.3), and
 * leaves the model as it was, bit for bit, also after an error.
 *
 *     const { points, suggestion } = await findLearningRate({ model, data, optimizer: adam() });
 *
 * The suggestion is for the `learningRate` of the optimizer given; without one for the `rho` of `recipe`. It is where to
 * begin, not what is best: an optimizer with momentum and a warm-up often take two to three times as much.
 *
 * @throws OptionError, ArgumentError for a configuration that cannot be, as `fit` does
 */
export async function findLearningRate(config: FinderConfig): Promise<LearningRateCurve> {
  checkOptions('findLearningRate', finderRules, config, { lr: 'say from and to' });
  const { from = 1e-6, to = 10, steps = 100, optimizer = recipe().optimizer, ...rest } = config;
  if (from >= to)
    throw new ArgumentError({
      operation: 'findLearningRate',
      expected: 'from below to',
      actual: `${from} and ${to}`,
    });
  const schedule = ramp({ from, to, steps }, optimizer);
  const settings = settingsOf({ ...rest, optimizer, schedule, epochs: steps });
  const { model } = settings;
  const signature = 'signature' in model ? model.signature : undefined;
  const before = await valuesOf(settings.values);
  const found: { learningRate: number; loss: number }[] = [];
  const isLost = lossWatch();
  try {
    const run = await TrainingRun.start(settings, undefined);
    try {
      for await (const { learningRate, loss } of stepsOf(run)) {
        if (!Number.isFinite(loss)) break;
        found.push({ learningRate, loss });
        if (found.length === steps || isLost(found)) break;
      }
    } finally {
      run.dispose();
    }
  } finally {
    assignValues(settings.values, before);
    if ('signature' in model) model.signature = signature;

    settings.dispose();
  }
  return curveOf(found, steps);
}

/** The schedule by which the rate of an optimiser is that of the ramp. */
function ramp(
  { from, to, steps }: { readonly from: number; readonly to: number; readonly steps: number },
  { rule, options }: Optimizer,
): Schedule {
  const { learningRate: own = 1 } = options as { readonly learningRate?: number | Schedule };
  return (step, ofRun) => {
    const unit = typeof own === 'function' ? own(step, ofRun) : own;
    if (!(unit > 0))
      throw new ArgumentError({
        operation: 'findLearningRate',
        expected: `${rule} with a learning rate above 0, which the ramp takes the place of`,
        actual: String(unit),
      });
    return (from * (to / from) ** (Math.min(step, steps - 1) / (steps - 1))) / unit;
  };
}

/** The steps of a run over and over its data, to the first that diverges. */
async function* stepsOf(run: TrainingRun<Record<never, never>>) {
  const pause = eventLoopPauses();
  try {
    for (;;) {
      for await (const batches of run.batches()) {
        yield await run.train(batches, pause);
        await pause();
      }
      await run.endEpoch();
    }
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
  }
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** Says after each step whether the last losses, three by three, are far above the lowest. */
function lossWatch(): (found: readonly { readonly loss: number }[]) => boolean {
  const width = 3;
  let lowest = Number.POSITIVE_INFINITY;
  return (found) => {
    if (found.length < width) return false;
    const last = mean(found.slice(-width).map(({ loss }) => loss));
    lowest = Math.min(lowest, last);
    return last > 4 * lowest && last > 0;
  };
}

function curveOf(
  found: readonly { readonly learningRate: number; readonly loss: number }[],
  steps: number,
): LearningRateCurve {
  // Means from both sides: those of the steps before alone would fall too late.
  const reach = Math.max(1, Math.round(steps / 20));
  const points = found.map(({ learningRate, loss }, k) => ({
    learningRate,
    loss,
    smoothed: mean(found.slice(Math.max(0, k - reach), k + reach + 1).map((point) => point.loss)),
  }));
  const falls = points.slice(1, -1).map((_, k) => {
    const [before, after] = [points[k], points[k + 2]] as [RatePoint, RatePoint];
    return after.smoothed - before.smoothed;
  });
  const lowest = points.reduce(
    (least, { smoothed }, k) => (smoothed < (points[least]?.smoothed ?? 0) ? k : least),
    0,
  );
  const before = falls.slice(0, Math.max(0, lowest - 1));
  const steepest = before.reduce((least, fall) => Math.min(least, fall), 0);
  const suggestion = steepest < 0 ? points[before.indexOf(steepest) + 1]?.learningRate : undefined;
  return { points, suggestion };
}
