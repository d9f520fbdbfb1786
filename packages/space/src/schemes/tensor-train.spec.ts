import { describe, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { tensorTrain } from './tensor-train.ts';

const shape = { rows: 12, cols: 30 };

const requests = {
  'three cores': tensorTrain({ inModes: [3, 5, 2], outModes: [2, 3, 2], ranks: [4, 3] }),
  'chosen modes': tensorTrain({ ratio: 1 / 3 }),
  'redundant ranks': tensorTrain({ inModes: [3, 5, 2], outModes: [2, 1, 6], ranks: 7 }),
  padded: tensorTrain({ inModes: [4, 8], outModes: [2, 7], ranks: [3], padding: true }),
  'one core': tensorTrain({ inModes: [30], outModes: [12], ranks: [] }),
};

describe.each(Object.entries(requests))('tensorTrain, %s', (_, request) => {
  for (const law of schemeLaws(request, {
    shape,
    except: ['huge'],
    backends: ['wasm'],
    stdTolerance: 0.15,
  }))
    test(law.name, law.check);
});
