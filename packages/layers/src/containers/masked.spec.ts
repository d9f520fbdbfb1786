import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Dense } from '../dense.ts';
import { Embedding } from '../embedding.ts';
import { load } from '../model-file/load.ts';
import { GRU } from '../recurrent/gru.ts';
import { LSTM } from '../recurrent/lstm.ts';
import { Masked } from './masked.ts';

describe.each([LSTM, GRU])('%o', (Layer) => {
  const net = new Masked([
    new Embedding({ in: 9, out: 4 }),
    new Layer({ in: 4, hiddenSize: 3, layers: 2, bidirectional: true, output: 'last' }),
    new Dense({ in: 6, out: 2 }),
  ]);
  const outputs = (rows: number[][], model: { forward: typeof net.forward } = net): number[][] =>
    model.forward(tensor(rows, undefined, { dtype: 'i32' })).toArray() as number[][];

  test('padding at the end changes nothing of what a sequence gives alone', () => {
    const [alone] = outputs([[3, 5]]);
    const [padded, other] = outputs([
      [3, 5, 0, 0],
      [3, 5, 1, 1],
    ]);
    padded?.forEach((value, k) => {
      expect(value).toBeCloseTo(alone?.[k] as number, 6);
    });
    expect(Math.abs((other?.[0] as number) - (alone?.[0] as number))).toBeGreaterThan(1e-3);
  });

  test('files keep the number of padding', async () => {
    const other = new Masked(net.layers, { padding: 7 });
    const again = await load(await other.toBytes());
    const rows = [
      [3, 5, 7, 7],
      [7, 7, 7, 7],
    ];
    expect(outputs(rows, again as never)).toEqual(outputs(rows, other));
    expect(outputs(rows, other)).not.toEqual(outputs(rows));
  });
});

test('only sequences of numbers', () => {
  const net = new Masked([new Embedding({ in: 3, out: 2 })]);
  expect(() => net.forward(tensor([1, 2]))).toThrow('Masked: expected numbers of shape [B, T], got [2]');
});
