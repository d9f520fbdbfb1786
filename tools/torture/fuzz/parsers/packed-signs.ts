import {
  Activation,
  BatchNorm,
  binary,
  Conv2d,
  Dense,
  Flatten,
  load,
  MaxPool2d,
  Reshape,
  Sequential,
} from '@funhash/layers';
import { packedLayers, toBinary } from '@funhash/layers/binary';
import { changedModelFile } from '../changes/model-file.ts';
import type { Parser } from '../parser.ts';
import { modelFiles } from '../sample-models.ts';

const weight = () => binary();

/** Binary nets with a bit for each weight. */
export const packedSigns: Parser = {
  name: 'packed-signs',
  share: 4,
  samples: async () => {
    const nets = [
      new Sequential([
        new Activation('byte'),
        new Dense({ in: 6, out: 40, weight: weight() }),
        new BatchNorm({ channels: 40 }),
        new Activation('sign'),
        new Dense({ in: 40, out: 3, weight: weight() }),
        new BatchNorm({ channels: 3 }),
      ]),
      new Sequential([
        new Activation('byte'),
        new Reshape({ shape: [4, 4, 1] }),
        new Conv2d({ in: 1, out: 33, kernelSize: 3, padding: 'same', weight: weight() }),
        new MaxPool2d({ kernelSize: 2 }),
        new BatchNorm({ channels: 33 }),
        new Activation('sign'),
        new Flatten(),
        new Dense({ in: 132, out: 2, weight: weight() }),
      ]),
    ];
    return modelFiles(await Promise.all(nets.map(toBinary)));
  },
  change: changedModelFile,
  read: async (input) => {
    const net = await load(input, { layers: packedLayers });
    String(net.summary());
  },
};
