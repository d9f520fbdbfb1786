import { type FitConfig, type OptimizerMaker, optimizers, warmupCosine } from '@funhash/training';

/** The part of a configuration that decides the steps. */
export interface OptimizerConfig {
  readonly optimizer: string;
  readonly learningRate: number;
  /** Learning rate in units of each tensor's scale. */
  readonly relativeStep: boolean;
}

const makers: Readonly<Record<string, OptimizerMaker>> = optimizers;

export const optimizerNames: readonly string[] = Object.keys(makers);

/** The optimiser with the schedule of the recipe: warm-up, then a cosine to 0. */
export function optimizerOf({
  optimizer,
  learningRate,
  relativeStep,
}: OptimizerConfig): Required<Pick<FitConfig, 'optimizer' | 'schedule'>> {
  const make = makers[optimizer] as OptimizerMaker;
  return { optimizer: make({ ...make.usual, learningRate, relativeStep }), schedule: warmupCosine() };
}
