import { type Loss, softmaxCrossEntropy, squaredHinge } from '@funhash/training';

/** Losses of classifiers, by the name that a run gives them. */
export const losses: Readonly<Record<string, Loss>> = { softmaxCrossEntropy, squaredHinge };
