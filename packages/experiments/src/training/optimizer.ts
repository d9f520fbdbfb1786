import {
  adaMax,
  adam,
  adamW,
  type FitConfig,
  rmsprop,
  sgd,
  shiftAdaMax,
  warmupCosine,
} from '@funhash/training';

/** The part of a configuration that decides the steps. */
export interface OptimizerConfig {
  readonly optimizer: string;
  readonly learningRate: number;
  /** Learning rate in units of each tensor's scale. */
  readonly relativeStep: boolean;
}

const rules = { adam, adamW, adaMax, rmsprop, sgd, shiftAdaMax };

export const optimizerNames: readonly string[] = Object.keys(rules);

/** The optimiser with the schedule of the recipe: warm-up, then a cosine to 0. */
export function optimizerOf({
  optimizer,
  learningRate,
  relativeStep,
}: OptimizerConfig): Required<Pick<FitConfig, 'optimizer' | 'schedule'>> {
  const options = { learningRate, relativeStep };
  return {
    optimizer:
      optimizer === 'sgd'
        ? sgd({ ...options, momentum: 0.9 })
        : rules[optimizer as keyof typeof rules](options),
    schedule: warmupCosine(),
  };
}
