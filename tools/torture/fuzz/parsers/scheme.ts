import { runSpec, schemeKinds, splitSchemes } from '@funhash/experiments';
import { changedText } from '../changes/json.ts';
import { type Draw, oneIn, pick } from '../draw.ts';
import type { Parser } from '../parser.ts';

const texts = [
  ...schemeKinds.map((kind) => `${kind}:1/64`),
  ...[
    'funHash:1/64,hashes=8,dual',
    'dct2d(hashedNet):1/64,height=28,width=28,keep=12',
    'hashedNet:values=12250,shared',
  ],
  ...[
    'tensorTrain:ranks=8,inModes=4x7x7x4,outModes=10x10',
    'mpo:bytes=49000',
    'lsq:bits=2',
    'binary',
    'kronecker:terms=5',
  ],
];

const pieces = [
  ...schemeKinds,
  ...[
    ':',
    ',',
    '=',
    '(',
    ')',
    '/',
    'x',
    '1/64',
    '1/0',
    '0',
    '-1',
    '1e999',
    'NaN',
    'values=',
    'bytes=',
    'ratio=',
  ],
  ...[
    '4294967296',
    '2147483648',
    '9007199254740993',
    '1x2x3',
    '1x2/3x4',
    'shared',
    'seed=',
    '__proto__',
    'dual=false',
  ],
  ...['hashes=0', 'hashes=99999', 'rank=1e9', 'block=0', '\u009b', '\u0000', 'dct2d(', 'constructor'],
];

/** Schemes as a command line names them. */
export const scheme: Parser = {
  name: 'scheme',
  share: 8,
  samples: async () => texts.map((text) => new TextEncoder().encode(text)),
  change: (sample, draw) => new TextEncoder().encode(changed(new TextDecoder().decode(sample), draw)),
  read: (input) => {
    const text = new TextDecoder().decode(input);
    splitSchemes(text);
    runSpec({ net: { weights: text, quantizer: 'binary' } });
    runSpec({ net: { weights: [text, text] } });
  },
};

function changed(text: string, draw: Draw): string {
  if (oneIn(draw, 3)) return changedText(text, draw);
  const parts = text.split(/(?<=[:,=(/])|(?=[:,=(/])/);
  const at = draw.integer(parts.length);
  return parts
    .toSpliced(at, draw.integer(2), ...Array.from({ length: 1 + draw.integer(3) }, () => pick(draw, pieces)))
    .join('');
}
