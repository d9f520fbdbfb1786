import { expect, test } from 'vitest';
import { philox4x32 } from './philox.ts';

// The lines `philox4x32 10` of the file kat_vectors of Random123: counter, key, output.
const knownAnswers = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const;

const words = (text: string) => Uint32Array.from(text.split(' '), (word) => Number.parseInt(word, 16));

test.each(knownAnswers)('counter %s, key %s gives the known answer %s', (counter, key, answer) => {
  const [key0, key1] = words(key) as unknown as [number, number];
  const out = new Uint32Array(4);
  philox4x32(words(counter), key0, key1, out);
  expect(out).toEqual(words(answer));
});

test('the output may be written over the counter', () => {
  const counter = words('243f6a88 85a308d3 13198a2e 03707344');
  philox4x32(counter, 0xa4093822, 0x299f31d0, counter);
  expect(counter).toEqual(words('d16cfe09 94fdcceb 5001e420 24126ea1'));
});
