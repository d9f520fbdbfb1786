import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changedJson } from '../changes/json.ts';
import { runCommand } from '../command.ts';
import type { Parser } from '../parser.ts';

const configs = [
  { epochs: 2, hidden: [8, 4], weight: 'funHash:1/4,hashes=2', seed: 3, activation: 'tanh', dropout: 0.1 },
  {
    model: 'lenet5',
    widths: [2, 4, 8, 8],
    weights: ['dense', 'hashedNet:1/8'],
    shift: 2,
    flip: true,
    cutout: 3,
  },
  {
    optimizer: 'adam',
    learningRate: 0.01,
    relativeStep: false,
    batchSize: 32,
    storeAs: 'i5',
    compress: true,
  },
  {
    trainCount: 100,
    testCount: 10,
    validation: 0.2,
    threads: 1,
    dataSeed: 4,
    quantizer: 'lsq:bits=2',
    shiftNorm: true,
  },
];

/** Settings of `funhash train`, with a data set that is not there: nothing is trained. */
export const config: Parser = {
  name: 'config',
  share: 2,
  samples: async () => configs.map((each) => new TextEncoder().encode(JSON.stringify(each))),
  change: (sample, draw) => new TextEncoder().encode(changedJson(new TextDecoder().decode(sample), draw)),
  read: async (input, folder) => {
    const path = join(folder, 'config.json');
    writeFileSync(path, input);
    const fixed = ['--data', join(folder, 'absent'), '--backend', 'reference', '--out', join(folder, 'out')];
    await runCommand(['train', '--config', path, ...fixed]);
  },
};
