import { ArgumentError } from '@funhash/hashing';

/**
 * The learning rate of each step: `step` counts from 0, `steps` is the length of the whole run, undefined where
 * nobody knows it. As the `schedule` of `fit` its value multiplies the optimiser's own learning rate.
 */
export type Schedule = (step: number, steps?: number) => number;

interface Rate {
  /** The largest learning rate. Default 1, for a factor. */
  readonly rate?: number;
}

interface Length {
  /** Steps until the end. Default: those of the whole run. */
  readonly steps?: number;
}

export function constant({ rate = 1 }: Rate = {}): Schedule {
  return () => rate;
}

/** From rate / warmupSteps at the first step up to `rate` at step warmupSteps, and on. */
export function linearWarmup({ rate = 1, warmupSteps }: Rate & { readonly warmupSteps: number }): Schedule {
  return (step) => rate * Math.min(1, (step + 1) / Math.max(1, warmupSteps));
}

/** Half a cosine from `rate` at the first step towards 0, which it reaches after the last (Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5). */
export function cosine({ rate = 1, steps }: Rate & Length = {}): Schedule {
  return (step, ofRun) => {
    const end = lengthOf('cosine', steps ?? ofRun);
    return (rate * (1 + Math.cos((Math.PI * Math.min(step, end)) / end))) / 2;
  };
}

/** Multiplied by `factor` after every `every` steps. */
export function stepDecay({
  rate = 1,
  factor,
  every,
}: Rate & { readonly factor: number; readonly every: number }): Schedule {
  return (step) => rate * factor ** Math.floor(step / every);
}

/** rate · factor^step. */
export function exponential({ rate = 1, factor }: Rate & { readonly factor: number }): Schedule {
  return (step) => rate * factor ** step;
}

/** rate / (1 + step · decay): the `learningRateDecay` of Torch7's SGD. */
export function inverseTime({ rate = 1, decay }: Rate & { readonly decay: number }): Schedule {
  return (step) => rate / (1 + step * decay);
}

/**
 * Linear warm-up, then a cosine to 0 over the steps left: what the recipe uses.
 *
 * @param warmupSteps default 60, but at most a twentieth of the run
 */
export function warmupCosine({
  rate = 1,
  warmupSteps,
  steps,
}: Rate & Length & { readonly warmupSteps?: number } = {}): Schedule {
  return (step, ofRun) => {
    const end = lengthOf('warmupCosine', steps ?? ofRun);
    const warmup = warmupSteps ?? Math.min(60, Math.ceil(end / 20));
    if (step < warmup) return linearWarmup({ rate, warmupSteps: warmup })(step);
    return cosine({ rate, steps: Math.max(1, end - warmup) })(step - warmup);
  };
}

function lengthOf(operation: string, steps: number | undefined): number {
  if (steps !== undefined && steps > 0) return steps;
  throw new ArgumentError({
    operation,
    expected: 'the number of steps of the run',
    actual: String(steps),
    remedy: 'Give the schedule `steps`, or tell fit `stepsPerEpoch` where the data do not tell their number.',
  });
}
