import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { grad, gradientsOf, stopGradient } from './grad.ts';
import { add, multiply, square } from './ops/pointwise.ts';
import { sum } from './ops/reduce.ts';
import { isRecording, record, recorded, withoutTape } from './tape.ts';

const vector = (...values: number[]): Tensor => tensor(Float64Array.from(values));

describe('isRecording', () => {
  test('where a watched tensor, or a result of one, takes part', () => {
    const [x, other] = [vector(1), vector(2)];
    const seen: boolean[] = [isRecording([x])];
    gradientsOf(() => {
      const y = square(x);
      seen.push(
        isRecording([x]),
        isRecording([other, y]),
        isRecording([other]),
        isRecording([stopGradient(y)]),
      );
      seen.push(withoutTape(() => isRecording([x])));
      return sum(y);
    }, [x]);
    seen.push(isRecording([x]));
    expect(seen).toEqual([false, true, true, false, false, false, false]);
  });

  test('not while the gradient is formed, unless an outer gradient wants it', () => {
    const seen: boolean[] = [];
    const op = (x: Tensor): Tensor =>
      recorded(
        [x],
        withoutTape(() => square(x)),
        (g) => {
          seen.push(isRecording([x]));
          return [multiply(g, multiply(x, 2))];
        },
      );
    grad((x: Tensor) => sum(op(x)))(vector(3));
    grad((x: Tensor) => sum(grad((y: Tensor) => sum(op(y)))(x)))(vector(3));
    expect(seen).toEqual([false, true]);
  });
});

describe('record', () => {
  test('vjps run only where a cotangent arrives', () => {
    const x = vector(1);
    let runs = 0;
    const counted = (z: Tensor): Tensor =>
      recorded(
        [z],
        withoutTape(() => square(z)),
        () => {
          runs++;
          return [undefined];
        },
      );
    gradientsOf(() => {
      counted(x);
      return sum(x);
    }, [x]);
    expect(runs).toBe(0);
  });

  test('several outputs: zeros for those without a cotangent', () => {
    const x = vector(2, 3);
    const both = (z: Tensor): [Tensor, Tensor] => {
      const outputs = withoutTape(() => [square(z), multiply(z, 3)] as [Tensor, Tensor]);
      record([z], outputs, ([g, h]) => [
        add(multiply(g as Tensor, multiply(z, 2)), multiply(h as Tensor, 3)),
      ]);
      return outputs;
    };
    const slopes = [0, 1].map((k) => gradientsOf(() => sum(both(x)[k] as Tensor), [x])[1][0]?.toArray());
    expect(slopes).toEqual([
      [4, 6],
      [3, 3],
    ]);
  });

  test('needed tells which inputs are wanted', () => {
    const [x, y] = [vector(1), vector(2)];
    const asked: boolean[] = [];
    const op = recordingOp(asked);
    gradientsOf(() => sum(op(x, y)), [y]);
    expect(asked).toEqual([false, true]);
  });
});

function recordingOp(asked: boolean[]): (x: Tensor, y: Tensor) => Tensor {
  return (x, y) =>
    recorded(
      [x, y],
      withoutTape(() => add(x, y)),
      (g, needed) => {
        asked.push(needed(0), needed(1));
        return [g, g];
      },
    );
}
