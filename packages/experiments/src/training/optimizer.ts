import { type FitConfig, type OptimizerMaker, optimizers, type Schedule } from '@funhash/training';
import { schedules } from './schedules.ts';

const makers: Readonly<Record<string, OptimizerMaker>> = optimizers;

export const optimizerNames: readonly string[] = Object.keys(makers);

/**
 * An optimiser and the course of its learning rate, by names.
 *
 * @throws ArgumentError for an option that the rule does not take
 */
export function optimizerOf(
  { rule, ...options }: { readonly rule: string } & Readonly<Record<string, unknown>>,
  schedule: string,
): Required<Pick<FitConfig, 'optimizer' | 'schedule'>> {
  const make = makers[rule] as OptimizerMaker;
  const course = schedules[schedule] as () => Schedule;
  return { optimizer: make({ ...make.usual, ...options }), schedule: course() };
}
