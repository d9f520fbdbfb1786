import { huber, type Loss, meanSquaredError, softmaxCrossEntropy, squaredHinge } from '@funhash/training';

/** Losses by the name that a run gives them: those of classifiers, then those of numbers. */
export const losses: Readonly<Record<string, Loss>> = {
  softmaxCrossEntropy,
  squaredHinge,
  meanSquaredError,
  huber,
};
