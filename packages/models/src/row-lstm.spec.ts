import { hashedNet, type LSTM } from '@funhash/layers';
import { expect, test } from 'vitest';
import { rowLstm } from './row-lstm.ts';
import type { WeightPlace } from './weights.ts';

test('the parameters are those of an LSTM and a dense layer', () => {
  const { total } = rowLstm().summary();
  expect(total.storedCount).toBe(4 * 128 * (28 + 128 + 1) + 128 * 10 + 10);
});

test('asks for its weights in the order of the net; that of the state is decoded once a step', () => {
  const places: WeightPlace[] = [];
  const net = rowLstm({
    hidden: 8,
    weight: (place) => {
      places.push(place);
      return hashedNet({ ratio: 1 / 2 });
    },
  });
  expect(places.map(({ role, rows, cols }) => [role, rows, cols])).toEqual([
    ['fc', 32, 28],
    ['fc', 32, 8],
    ['head', 10, 8],
  ]);
  const { input, recurrent } = (net.layers[1] as LSTM).part();
  expect([input.weight.policy, recurrent.weight.policy]).toEqual(['tile', 'step']);
});
