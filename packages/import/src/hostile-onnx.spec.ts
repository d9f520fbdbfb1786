import { readFileSync } from 'node:fs';
import { FunhashError, random } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { ImportError } from './import-error.ts';
import { importOnnx } from './import-onnx.ts';

const cases: Readonly<Record<string, { readonly free: string; readonly fixed: string }>> = JSON.parse(
  readFileSync(new URL('./pytorch-exports.fixtures.json', import.meta.url), 'utf8'),
);
const files = Object.values(cases).flatMap(({ free, fixed }) =>
  [free, fixed].map((text) => new Uint8Array(Buffer.from(text, 'base64'))),
);

/** A field of protobuf: its number, and bytes. */
function field(number: number, ...content: (number | Uint8Array)[]): Uint8Array {
  const bytes = Buffer.concat(content.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part)));
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Uint8Array.of(number * 8 + 2, ...length), bytes]);
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const model = (...graph: Uint8Array[]): Uint8Array => Buffer.concat([field(7, ...graph), field(8, 16, 13)]);

test.each<[string, RegExp, () => Uint8Array]>([
  ['nothing', /an empty file/, () => new Uint8Array(0)],
  [
    '4 MB of empty nodes',
    /at most 100000 nodes/,
    () => model(new Uint8Array(2 ** 22).map((_, k) => (k % 2 ? 0 : 10))),
  ],
  [
    '4 MB of empty initializers',
    /a file of fewer parts/,
    () => model(new Uint8Array(2 ** 22).map((_, k) => (k % 2 ? 0 : 42))),
  ],
  [
    'many extents in few bytes',
    /at most 16 axes|fewer parts/,
    () => model(field(5, field(1, new Uint8Array(2 ** 22).fill(1)))),
  ],
  ['a length beyond its message', /a field of at most/, () => Uint8Array.of(58, 100, 1)],
  ['a number without end', /at most 10 bytes/, () => Uint8Array.of(8, ...new Array<number>(20).fill(255))],
  ['text that is none', /UTF-8/, () => model(field(1, field(4, 255, 254)))],
  [
    'a tensor of more than its bytes',
    /values of 4 bytes/,
    () => model(field(5, 8, 255, 255, 255, 255, 7, 16, 1, field(8, text('w')))),
  ],
  [
    'a node without inputs',
    /a first input/,
    () =>
      model(
        field(1, field(2, text('y')), field(4, text('Transpose'))),
        field(11, field(1, text('x')), field(2, field(1, 8, 1, field(2, field(1, 8, 2))))),
        field(12, field(1, text('y'))),
      ),
  ],
  [
    'millions of empty nodes',
    /at most 100000 nodes/,
    () => model(Uint8Array.from({ length: 4_000_000 }, (_, at) => (at % 2 === 0 ? 10 : 0))),
  ],
  ['no output', /an input|an output/, () => model(field(1, field(4, text('Relu'))))],
])('%s: refused', (_, message, bytes) => {
  expect(() => importOnnx(bytes())).toThrow(ImportError);
  expect(() => importOnnx(bytes())).toThrow(message);
});

test('what is unknown is named with its node and what to do', () => {
  const value = (name: string): Uint8Array =>
    field(11, field(1, text(name)), field(2, field(1, 8, 1, field(2, field(1, 8, 2), field(1, 8, 3)))));
  const node = field(
    1,
    field(1, text('x')),
    field(2, text('y')),
    field(3, text('lost')),
    field(4, text('Softmux')),
  );
  const bytes = model(node, value('x'), field(12, field(1, text('y'))));
  expect(() => importOnnx(bytes)).toThrow(/Softmux lost: expected an op that layers can do.*Softmax/);
  try {
    importOnnx(bytes);
  } catch (error) {
    expect(error).toMatchObject({ node: 'lost', op: 'Softmux' });
  }
});

test('mutated files are refused in typed errors, or are networks', () => {
  const draw = random(1);
  const below = (n: number): number => Math.floor((draw.uint32() / 2 ** 32) * n);
  const kinds = new Set<string>();
  for (let round = 0; round < 150; round++) {
    const bytes = (files[below(files.length)] as Uint8Array).slice();
    for (let k = below(4); k >= 0; k--)
      bytes[below(bytes.length)] = below(3) === 0 ? below(256) : ([0, 1, 127, 128, 255][below(5)] as number);
    const cut = below(8) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes;
    try {
      importOnnx(cut);
      kinds.add('network');
    } catch (error) {
      if (!(error instanceof FunhashError)) throw error;
      kinds.add('refusal');
    }
  }
  expect([...kinds].sort()).toEqual(['network', 'refusal']);
});
