import { constant, type Schedule, warmupCosine } from '@funhash/training';

/** Courses of the learning rate over a run, by the name that a run gives them. */
export const schedules: Readonly<Record<string, () => Schedule>> = { warmupCosine, constant };
