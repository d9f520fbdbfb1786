import { gradientsOf, softmaxCrossEntropy } from '@funhash/autodiff';
import { random } from '@funhash/hashing';
import { memory, scope, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { GRU } from './gru.ts';
import { LSTM } from './lstm.ts';

const [batch, width, hidden] = [2, 3, 8];

describe.each([
  // Of z, of r, the states; the sums of a GRU with its second bias once more.
  [LSTM, 4 + 4 + 2],
  [GRU, 3 + 3 + 3 + 1],
])('%o over hundreds of steps', (Layer, kept) => {
  const net = new Sequential([
    new Layer({ in: width, hiddenSize: hidden, output: 'last' }),
    new Dense({ in: hidden, out: 2 }),
  ]);
  const classes = tensor(Int32Array.of(0, 1));
  const wrt = net.parameters().map(({ value }) => value);

  /** Bytes that a training step holds behind its forward pass, and at its end. */
  function held(steps: number): readonly [forward: number, whole: number] {
    const x = tensor(random(1).fillNormal(new Float32Array(batch * steps * width)), [batch, steps, width]);
    const before = memory().bytes;
    const bytes = scope(() => {
      let forward = 0;
      gradientsOf(() => {
        const loss = softmaxCrossEntropy(net.forward(x), classes);
        forward = memory().bytes - before;
        return loss;
      }, wrt);
      return [forward, memory().bytes - before] as const;
    });
    // What a step took it gives back.
    expect(memory().bytes).toBe(before);
    x.dispose();
    return bytes;
  }

  test('a training step keeps of each step what is stated, and nothing that grows', () => {
    const [few, more, most] = [held(100), held(300), held(500)] as const;
    const slopes = (a: readonly number[], b: readonly number[]) =>
      b.map((bytes, k) => (bytes - (a[k] as number)) / 200);
    const [forward, whole] = slopes(few, more);
    expect(slopes(more, most)).toEqual([forward, whole]);
    // The inputs in the order of steps are the rest.
    expect(forward).toBe(4 * batch * (kept * hidden + width));
    // Gradients add a constant part for each step.
    expect(whole).toBeLessThan(6 * (forward as number));
  });
});
