import { load } from '@funhash/layers';
import { changedGzip } from '../changes/gzip.ts';
import { changedModelFile } from '../changes/model-file.ts';
import { oneIn } from '../draw.ts';
import type { Parser } from '../parser.ts';
import { modelFiles, sampleModels } from '../sample-models.ts';

export const model: Parser = {
  name: 'model',
  share: 8,
  samples: () => modelFiles(sampleModels()),
  change: (sample, draw) => {
    const changed = changedModelFile(sample, draw);
    return oneIn(draw, 12) ? changedGzip(changed, draw) : changed;
  },
  read: async (input) => {
    const net = await load(input);
    // A model that was taken can say what it is, and be written.
    String(net.summary());
    if (input.length % 4 === 0) await load(await net.toBytes());
  },
};
