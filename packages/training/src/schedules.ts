import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';

/**
 * The learning rate of each step: `step` counts from 0, `steps` is the length of the whole run, undefined where
 * nobody knows it. As the `schedule` of `fit` its value multiplies the optimiser's own learning rate.
 */
export type Schedule = (step: number, steps?: number) => number;

/** The options of each schedule. */
export const scheduleRules = (() => {
  const ofAll = {
    /** The largest learning rate. Default 1, for a factor. */
    rate: option.real({ least: 0 }),
  };
  const ofEnding = {
    ...ofAll,
    /** Steps until the end. Default: those of the whole run. */
    steps: option.positive(),
  };
  return {
    constant: ofAll,
    linearWarmup: {
      ...ofAll,
      /** Steps until the rate is reached. */
      warmupSteps: option.required(option.real({ least: 0 })),
    },
    cosine: ofEnding,
    stepDecay: {
      ...ofAll,
      /** Factor of the rate at each fall. */
      factor: option.required(option.real({ least: 0 })),
      /** Steps from fall to fall. */
      every: option.required(option.positive()),
    },
    exponential: {
      ...ofAll,
      /** Factor of the rate at each step. */
      factor: option.required(option.real({ least: 0 })),
    },
    inverseTime: {
      ...ofAll,
      /** Growth of the divisor in a step. */
      decay: option.required(option.real({ least: 0 })),
    },
    warmupCosine: {
      ...ofEnding,
      /** Steps until the rate is reached. Default 60, but at most a twentieth of the run. */
      warmupSteps: option.real({ least: 0 }),
    },
  };
})();

type ScheduleName = keyof typeof scheduleRules;
type OptionsFor<N extends ScheduleName> = OptionsOf<(typeof scheduleRules)[N]>;

function checked<N extends ScheduleName>(name: N, options: OptionsFor<N>): OptionsFor<N> {
  checkOptions(name, scheduleRules[name], options);
  return options;
}

/** The learning rate `rate` at every step. */
export function constant(options: OptionsFor<'constant'> = {}): Schedule {
  const { rate = 1 } = checked('constant', options);
  return () => rate;
}

/** A line from rate / warmupSteps at the first step up to `rate` at step warmupSteps; `rate` from there on. */
export function linearWarmup(options: OptionsFor<'linearWarmup'>): Schedule {
  const { rate = 1, warmupSteps } = checked('linearWarmup', options);
  return (step) => rate * Math.min(1, (step + 1) / Math.max(1, warmupSteps));
}

/**
 * Half a cosine, from `rate` at the first step towards 0, which it reaches after the last (Loshchilov and Hutter 2017,
 * arXiv:1608.03983, eq. 5).
 */
export function cosine(options: OptionsFor<'cosine'> = {}): Schedule {
  const { rate = 1, steps } = checked('cosine', options);
  return (step, ofRun) => {
    const end = lengthOf('cosine', steps ?? ofRun);
    return (rate * (1 + Math.cos((Math.PI * Math.min(step, end)) / end))) / 2;
  };
}

/** Stairs: the rate is multiplied by `factor` after every `every` steps. */
export function stepDecay(options: OptionsFor<'stepDecay'>): Schedule {
  const { rate = 1, factor, every } = checked('stepDecay', options);
  return (step) => rate * factor ** Math.floor(step / every);
}

/** Exponential decay, rate · factor^step. */
export function exponential(options: OptionsFor<'exponential'>): Schedule {
  const { rate = 1, factor } = checked('exponential', options);
  return (step) => rate * factor ** step;
}

/** Decay by the inverse of time, rate / (1 + step · decay): the `learningRateDecay` of Torch7's SGD. */
export function inverseTime(options: OptionsFor<'inverseTime'>): Schedule {
  const { rate = 1, decay } = checked('inverseTime', options);
  return (step) => rate / (1 + step * decay);
}

/** Linear warm-up, then a cosine to 0 over the steps left: what the recipe uses. */
export function warmupCosine(options: OptionsFor<'warmupCosine'> = {}): Schedule {
  const { rate = 1, warmupSteps, steps } = checked('warmupCosine', options);
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
