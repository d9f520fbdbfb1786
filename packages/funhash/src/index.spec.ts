import * as datasets from '@funhash/datasets';
import * as layers from '@funhash/layers';
import * as models from '@funhash/models';
import * as training from '@funhash/training';
import { expect, test } from 'vitest';
import * as funhash from './index.ts';

test('nothing of layers, models, training and datasets is lost to a clash of names', () => {
  const all: Record<string, unknown> = funhash;
  for (const part of [datasets, layers, models, training])
    for (const [name, value] of Object.entries(part)) expect(all[name], name).toBe(value);
});

test('the names of the README are there', () => {
  const { Sequential, Dense, funHash, xor, fit, evaluate } = funhash;
  for (const name of [Sequential, Dense, funHash, xor, fit, evaluate]) expect(name).toBeTypeOf('function');
});
