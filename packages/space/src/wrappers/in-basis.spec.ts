import { describe, expect, test } from 'vitest';
import { dct2d } from '../bases/dct2d.ts';
import * as schemes from '../schemes/index.ts';
import { funHash, hashedNet, lowRank, robe } from '../schemes/index.ts';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { restoreWeight } from '../weight/restore-weight.ts';
import { SharedSpace } from '../weight/shared-space.ts';
import { inBasis } from './in-basis.ts';
import { knownSchemes } from './known-schemes.ts';

const image = dct2d({ height: 5, width: 4, keep: 3 });
const options = {
  except: ['huge'],
  shape: { rows: 13, cols: 20 },
  stdTolerance: 0.15,
  backends: ['wasm'],
} as const;

describe.each([
  ['hashedNet', () => hashedNet({ ratio: 1 / 4 })],
  ['hashedNet out of a shared space', () => hashedNet({ space: new SharedSpace({ values: 60 }) })],
  ['funHash', () => funHash({ ratio: 1 / 4 })],
  ['lowRank', () => lowRank({ rank: 2 })],
])('%s in the basis of low frequencies obeys', (_, request) => {
  for (const law of schemeLaws(() => inBasis(image, request()), options)) test(law.name, law.check);
});

describe('robe, in that of images of several channels, obeys', () => {
  const request = inBasis(dct2d({ height: 3, width: 4, keep: 2 }), robe({ ratio: 1 / 4, block: 4 }));
  for (const law of schemeLaws(request, { ...options, shape: { rows: 11, cols: 24 } }))
    test(law.name, law.check);
});

test('a product is that with the decoded matrix, and the spec names scheme and basis', () => {
  const weight = createWeight(inBasis(image, hashedNet({ ratio: 1 / 4, seed: 3 })), { rows: 6, cols: 20 });
  expect(weight.spec).toMatchObject({
    kind: 'dct2d(hashedNet)',
    cols: 20,
    options: { buckets: 30, seed: 3, height: 5, width: 4, keep: 3, channels: 1 },
  });
  const values = { get: () => weight.parameters[0]?.value };
  const restored = restoreWeight(JSON.parse(JSON.stringify(weight.spec)), {
    schemes: knownSchemes(schemes),
    values,
  });
  expect(restored.decode().dataSync()).toEqual(weight.decode().dataSync());
});

test.each(['dct2d(nothing)', 'dct2d()', 'dct2d', 'toString(hashedNet)', 'dct2d(dct2d(hashedNet))', ''])(
  'the kind %j is refused',
  (kind) => {
    const spec = createWeight(hashedNet({ ratio: 1 / 4 }), { rows: 6, cols: 20 }).spec;
    const values = { get: () => undefined };
    expect(() => restoreWeight({ ...spec, kind }, { schemes: knownSchemes(schemes), values })).toThrow(
      /a known scheme/,
    );
  },
);
