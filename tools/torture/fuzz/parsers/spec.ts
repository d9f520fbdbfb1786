import { describeSpec, readSpec, runSpec, specHash, specText } from '@funhash/experiments';
import { controlIn } from '../../control.ts';
import { LossError } from '../../trial.ts';
import { changedJson } from '../changes/json.ts';
import type { Parser } from '../parser.ts';

const specs = [
  runSpec({
    data: { name: 'rect', trainCount: 80 },
    net: { widths: [8], weights: 'hashedNet:1/8' },
    epochs: 3,
  }),
  runSpec({
    net: { model: 'lenet5', weights: ['dense', 'funHash:1/4,hashes=2'] },
    augment: { shift: 2 },
    schedule: 'warmupCosine',
  }),
  runSpec({
    data: null,
    judge: null,
    epochs: 0,
    net: { file: 'model.safetensors', weights: [] },
    storage: { storeAs: 'i5' },
  }),
  runSpec({
    optimizer: { rule: 'adam', learningRate: 0.1 },
    judge: { mistakes: 2, units: 2 },
    loss: 'softmaxCrossEntropy',
  }),
];

/** What decides a run, as JSON. */
export const spec: Parser = {
  name: 'spec',
  share: 4,
  samples: async () => specs.map((each) => new TextEncoder().encode(JSON.stringify(each))),
  change: (sample, draw) => new TextEncoder().encode(changedJson(new TextDecoder().decode(sample), draw)),
  read: (input) => {
    const read = readSpec(new TextDecoder().decode(input), 'spec.json');
    // What was taken has one hash, also when it is written and read again.
    if (specHash(readSpec(JSON.stringify(read), 'again')) !== specHash(read))
      throw new LossError('another hash');
    readSpec(specText(read), 'the canonical text');
    const found = controlIn(describeSpec(read));
    if (found) throw new LossError(`a control character in a name: ${found}`, { cause: 'describeSpec' });
  },
};
