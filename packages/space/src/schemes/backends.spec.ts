import { describe, test } from 'vitest';
import type { SchemeLawName } from '../testing.ts';
import { schemeLaws } from '../testing.ts';
import * as schemes from './index.ts';

/** Laws that do not depend on a backend; each scheme's own spec checks them. */
const elsewhere: SchemeLawName[] = [
  'seeds',
  'spec',
  'sizes',
  'reach',
  'variance',
  'projection',
  'adjoint',
  'second',
];

const requests = {
  binary: schemes.binary(),
  'binary of hashed latent values': schemes.binary(schemes.hashedNet({ ratio: 1 / 2 })),
  stochasticBinary: schemes.stochasticBinary(),
  ternary: schemes.ternary(),
  'ternary of hashed latent values': schemes.ternary(schemes.hashedNet({ ratio: 1 / 2 })),
  'lsq of 4 bits': schemes.lsq({ bits: 4 }),
  'lsq of 2 bits and funHash latent values': schemes.lsq({ bits: 2 }, schemes.funHash({ ratio: 1 / 2 })),
  'funHash U4-G3': schemes.funHash({ ratio: 1 / 2 }),
  'funHash U2-G2': schemes.funHash({ ratio: 1 / 2, hashes: 2, layers: 2 }),
  'funHash U8-G4': schemes.funHash({ values: 200, hashes: 8, layers: 4 }),
  'funHash U4-G3-D': schemes.funHash({ ratio: 1 / 2, dual: true }),
  'funHash of two hops': schemes.funHash({ ratio: 1 / 2, hashes: 2, hops: 2 }),
  hashedNet: schemes.hashedNet({ ratio: 1 / 2 }),
  'hashedNet by murmur3': schemes.hashedNet({ ratio: 1 / 2, hash: 'murmur3' }),
  'hashedNet by multiply-shift': schemes.hashedNet({ ratio: 1 / 2, hash: 'multiplyShift' }),
  lowRank: schemes.lowRank({ rank: 3 }),
  productHash: schemes.productHash({ ratio: 1 / 2 }),
  randomEdgeRemoval: schemes.randomEdgeRemoval({ ratio: 1 / 2 }),
  'robe of 8': schemes.robe({ ratio: 1 / 2 }),
  'robe of 4': schemes.robe({ ratio: 1 / 2, block: 4 }),
  'tiles of 8': schemes.tiles({ ratio: 1 / 2, side: 8 }),
  'tiles of 4': schemes.tiles({ ratio: 1 / 2, side: 4 }),
  dense: schemes.dense(),
};

const growing = [
  'binary',
  'stochasticBinary',
  'ternary',
  'lsq of 4 bits',
  'lowRank',
  'randomEdgeRemoval',
  'dense',
];

describe.each(Object.entries(requests))('%s on wasm obeys', (name, request) => {
  const except: SchemeLawName[] = growing.includes(name) ? [...elsewhere, 'huge'] : elsewhere;
  for (const law of schemeLaws(request, { backends: ['wasm'], except })) test(law.name, law.check);
});
