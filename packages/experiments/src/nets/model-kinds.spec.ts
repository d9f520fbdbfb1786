import { expect, test } from 'vitest';
import { isStack, modelNames, netName, placesOf, shapeOf, widthsOf } from './model-kinds.ts';

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

test('mlp: as many layers as its widths say, from the pixels to the classes', () => {
  const images = { inputShape: [5, 6, 1], classes: 4 };
  const shape = shapeOf({ model: 'mlp', widths: [20, 10] }, images);
  expect(placesOf(shape).map(({ role, rows, cols }) => `${role} ${cols}→${rows}`)).toEqual([
    'fc 30→20',
    'fc 20→10',
    'head 10→4',
  ]);
  expect(netName(shape)).toBe('30-20-10-4');
  expect(widthsOf(shape)).toEqual([20, 10]);
  expect(modelNames[0]).toBe('mlp');
  expect(modelNames.filter(isStack)).toEqual(['mlp']);
  expect(new Set(modelNames).size).toBe(modelNames.length);
});
