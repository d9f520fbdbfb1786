import { describe, test } from 'vitest';
import { type SchemeLawName, schemeLaws } from '../testing.ts';
import * as schemes from './index.ts';

/** Laws that do not depend on a backend; each scheme's own spec checks them, and the others on the reference. */
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

describe.each(Object.entries(schemes))('%s on wasm obeys', (_, scheme) => {
  const options = { backends: ['wasm'], reference: false, drawn: 1, except: elsewhere } as const;
  for (const law of schemeLaws(scheme, options)) test(law.name, law.check);
});
