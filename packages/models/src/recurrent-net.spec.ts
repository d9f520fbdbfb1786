import { hashedNet, type LSTM, type Masked, tensor } from '@funhash/layers';
import { expect, test } from 'vitest';
import { namedModels } from './named-models.ts';
import { recurrentNet } from './recurrent-net.ts';
import type { WeightPlace } from './weights.ts';

test('the parameters are those of an LSTM and a dense layer', () => {
  const { total } = recurrentNet().summary();
  expect(total.storedCount).toBe(4 * 128 * (28 + 128 + 1) + 128 * 10 + 10);
});

test('asks for its weights in the order of the net; that of the state is decoded once a step', () => {
  const places: WeightPlace[] = [];
  const net = recurrentNet({
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

test('a GRU has three gates, with a bias of its own at the state', () => {
  const { total } = recurrentNet({ cell: 'gru', input: [14, 6], hidden: 16, classes: 1 }).summary();
  expect(total.storedCount).toBe(3 * 16 * (6 + 16 + 2) + 16 + 1);
});

test('words: padding at the end changes nothing, and the embedding is stored by its own scheme', () => {
  const net = recurrentNet({
    input: [5],
    tokens: 2 ** 31,
    embedding: hashedNet({ values: 50 }),
    embeddingSize: 4,
    hidden: 3,
    classes: 2,
    dropout: 0.5,
  });
  expect(net.summary().total.storedCount).toBe(50 + 4 * 3 * (4 + 3 + 1) + 2 * 3 + 2);
  const short = recurrentNet({ ...sizes, input: [2] }).forward(tensor(Int32Array.of(7, 9), [1, 2]));
  const padded = recurrentNet({ ...sizes, input: [4] }).forward(tensor(Int32Array.of(7, 9, 0, 0), [1, 4]));
  expect(padded.toArray()).toEqual(short.toArray());
  const places = (net.layers[0] as Masked).layers.map(({ spec }) => spec.type);
  expect(places).toEqual(['embedding', 'dropout2d', 'lstm', 'dropout', 'dense']);
});

const sizes = { tokens: 10, embeddingSize: 4, hidden: 3, classes: 2 };

test.each([
  [{ input: [200] }, 'tokens, the number of words'],
  [{ tokens: 9 }, 'no tokens for sequences of numbers'],
  [{ input: [] }, 'input'],
  [{ input: [2, 3, 4, 5] }, 'input'],
  [{ cell: 'rnn' }, 'one of lstm, gru'],
  [{ dropout: 1 }, 'a rate from 0 up to 1'],
])('%j is refused', (options, message) => {
  expect(() => recurrentNet(options as never)).toThrow(message);
});

test('models of numbers refuse words', () => {
  const mlp = namedModels.mlp as (typeof namedModels)[string];
  expect(() => mlp.build({ input: [200], tokens: 10, classes: 2, widths: [8] })).toThrow(
    'Choose a model that reads words',
  );
});
