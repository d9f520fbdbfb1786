import { fit } from '@funhash/training';
import { savedValuesOf } from '../../saved-values.ts';
import { LossError } from '../../trial.ts';
import { changedModelFile } from '../changes/model-file.ts';
import type { Parser } from '../parser.ts';
import { checkpointsOf, sampleRuns } from '../sample-runs.ts';

/** Checkpoints with which a run goes on: one that is refused leaves the model as it was. */
export const resumed: Parser = {
  name: 'resume',
  share: 1,
  samples: () => checkpointsOf(sampleRuns[0] as (typeof sampleRuns)[number]),
  change: changedModelFile,
  read: async (input) => {
    const config = (sampleRuns[0] as (typeof sampleRuns)[number])();
    const before = savedValuesOf(config.model);
    const events = fit({ ...config, resume: input });
    try {
      await events.next();
    } catch (error) {
      if (savedValuesOf(config.model) !== before)
        throw new LossError('a checkpoint that was refused changed the model');
      throw error;
    } finally {
      await events.return();
    }
  },
};
