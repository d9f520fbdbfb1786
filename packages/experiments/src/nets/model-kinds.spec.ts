import { expect, test } from 'vitest';
import { placesOf } from './model-kinds.ts';

test('vgg16-flat: two dense layers on the whole image in place of convolutions, and two before the classes', () => {
  const shape = { model: 'vgg16-flat', input: [32, 32, 3], classes: 10, widths: [16, 64, 48] } as const;
  const places = placesOf(shape).map(({ role, rows, cols }) => `${role} ${cols}→${rows}`);
  expect(places.slice(9)).toEqual([
    'conv 1152→128',
    'fc 512→512',
    'fc 512→512',
    'conv 1152→128',
    'fc 128→64',
    'fc 64→48',
    'head 48→10',
  ]);
});

test('lstm: matrices of the rows, of the state and of the classes', () => {
  const shape = { model: 'lstm', input: [28, 20, 3], classes: 10, widths: [32] } as const;
  expect(placesOf(shape).map(({ role, rows, cols }) => `${role} ${cols}→${rows}`)).toEqual([
    'fc 60→128',
    'fc 32→128',
    'head 32→10',
  ]);
});
