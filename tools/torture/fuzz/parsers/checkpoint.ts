import { readCheckpoint } from '@funhash/training';
import { changedModelFile } from '../changes/model-file.ts';
import type { Parser } from '../parser.ts';
import { checkpointsOf, sampleRuns } from '../sample-runs.ts';

export const checkpoint: Parser = {
  name: 'checkpoint',
  share: 4,
  samples: async () => (await Promise.all(sampleRuns.map(checkpointsOf))).flat(),
  change: changedModelFile,
  read: async (input) => {
    await readCheckpoint(input);
  },
};
