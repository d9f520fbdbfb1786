import { describe, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { mpo } from './mpo.ts';

const shape = { rows: 12, cols: 30 };

const requests = {
  open: mpo({ inModes: [3, 5, 2], outModes: [2, 3, 2], bonds: 4 }),
  periodic: mpo({ inModes: [3, 5, 2], outModes: [2, 3, 2], bonds: [3, 4], boundary: 2 }),
  'periodic, two cores': mpo({ inModes: [6, 5], outModes: [4, 3], bonds: [2], boundary: 3 }),
};

describe.each(Object.entries(requests))('mpo, %s', (_, request) => {
  for (const law of schemeLaws(request, {
    shape,
    except: ['huge'],
    backends: ['wasm'],
    stdTolerance: 0.15,
  }))
    test(law.name, law.check);
});
