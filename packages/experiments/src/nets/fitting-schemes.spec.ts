import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { fittingSchemes } from './fitting-schemes.ts';
import { schemeKinds } from './scheme-text.ts';

const large = { rows: 100, cols: 784, name: 'layer 1' };
const small = { rows: 10, cols: 100, name: 'layer 2' };

test('a place that a scheme leaves no room keeps what it has, and that is said', () => {
  const { schemes, notices } = fittingSchemes(
    'lowRank:1/64',
    [large, small],
    () => 'lowRank:1/64',
    'stays dense',
  );
  expect([schemes.get(large), schemes.get(small)]).toEqual(['lowRank:1/64', null]);
  expect(notices).toEqual([
    'layer 2 stays dense: lowRank:1/64 leaves it no room; it would take at least 110 values, rank 1 of a 10 × 100 matrix, and has a budget of 16.',
  ]);
});

test('where no place has room, the scheme is refused', () => {
  expect(() => fittingSchemes('lowRank:1/64', [small], () => 'lowRank:1/64', 'stays dense')).toThrow(
    /at least 110 values/,
  );
});

test('what is wrong for another reason than its size is no matter of room', () => {
  const text = 'tensorTrain:inModes=6x6,outModes=4x8,ranks=2';
  const { schemes, notices } = fittingSchemes(text, [small], () => text, 'stays dense');
  // Whoever builds the layer refuses it, and names it.
  expect([schemes.get(small), notices]).toEqual([text, []]);
});

test('no kind is known here: whatever has no form of one value is left out, whatever has one is not', () => {
  const tiny = { rows: 3, cols: 5, name: 'tiny' };
  for (const kind of schemeKinds) {
    const text = `${kind}:values=1`;
    try {
      const { schemes } = fittingSchemes(
        text,
        [tiny, large],
        ({ name }) => (name === 'tiny' ? text : kind),
        'stays',
      );
      expect([text, null]).toContain(schemes.get(tiny));
    } catch (error) {
      expect(error).toBeInstanceOf(ArgumentError);
    }
  }
});
