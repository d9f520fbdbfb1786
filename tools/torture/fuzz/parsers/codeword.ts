import {
  CodewordReader,
  CodewordWriter,
  decodeCodebook,
  encodeCodebook,
  fromCodebook,
  type LevelOptions,
  quantizeDependent,
  quantizeUniform,
  type Scan,
  toCodebook,
} from '@funhash/codec/coder';
import { random } from '@funhash/hashing';
import { changedBytes } from '../changes/bytes.ts';
import type { Parser } from '../parser.ts';

/** Bytes before the codeword: rows, columns, "greater" flags, the scan and whether levels are dependent. */
const headerBytes = 4;

function optionsIn([rows = 0, columns = 0, flags = 0, last = 0]: Uint8Array): LevelOptions {
  return {
    shape: [rows, columns],
    greaterFlags: flags + 1,
    scan: ((last >> 1) % 5) as Scan,
    dependent: (last & 1) === 1,
  };
}

function sample(rows: number, columns: number, flags: number, last: number, spread: number): Uint8Array {
  const header = Uint8Array.of(rows, columns, flags, last);
  const options = optionsIn(header);
  const draw = random(rows + last);
  const values = Float32Array.from({ length: rows * columns }, () => spread * draw.normal());
  const writer = new CodewordWriter();
  const { dependent, ...order } = options;
  const quantize = dependent === true ? quantizeDependent : quantizeUniform;
  writer.levels(quantize(values, { step: 1, ...order }), options);
  return Uint8Array.of(...header, ...writer.finish());
}

/** Levels of tensors. */
export const codeword: Parser = {
  name: 'codeword',
  share: 8,
  samples: async () => [
    sample(0, 3, 10, 0, 1),
    sample(1, 1, 0, 1, 1),
    sample(20, 9, 10, 0, 1),
    sample(12, 10, 10, 1, 2),
    sample(40, 30, 2, 3, 100),
    sample(11, 13, 0, 2, 1e8),
  ],
  change: changedBytes,
  read: (input) => {
    const options = optionsIn(input);
    const [rows = 0, columns = 0] = options.shape ?? [];
    const reader = new CodewordReader(input.subarray(headerBytes));
    const levels = reader.levels(rows * columns, options);
    if (levels.includes(-(2 ** 31))) throw new Error('a level of more than 32 bits');
    if (reader.finish() > input.length - headerBytes) throw new Error('more bytes than there are');
  },
};

/** Codebooks, whose sizes they tell themselves. */
export const codebook: Parser = {
  name: 'codebook',
  share: 4,
  samples: async () =>
    [[], [0], [5, -3, 5, 1000], [2 ** 30 - 1, 1 - 2 ** 30, 0]].map((levels) =>
      encodeCodebook(toCodebook(Int32Array.from(levels)).codebook),
    ),
  change: changedBytes,
  read: (input) => {
    const { codebook: found } = decodeCodebook(input);
    fromCodebook(
      found,
      found.entries.map((_, index) => index - found.zero),
    );
  },
};
