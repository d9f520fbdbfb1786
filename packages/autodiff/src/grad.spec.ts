import { ArgumentError } from '@funhash/hashing';
import { DisposedError, memory, scope, type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { customGradient, grad, gradientsOf, stopGradient, valueAndGrad } from './grad.ts';
import { cast } from './ops/index-ops.ts';
import { add, exp, multiply, relu, sin, square, tanh } from './ops/pointwise.ts';
import { power } from './ops/power.ts';
import { mean, sum } from './ops/reduce.ts';
import { slice } from './ops/slice.ts';
import { reshape, transpose } from './ops/views.ts';

const scalar = (value: number): Tensor => tensor(new Float64Array([value]), []);
const vector = (...values: number[]): Tensor => tensor(Float64Array.from(values));

describe('grad', () => {
  test('derivatives of x⁴ to the fourth order', () => {
    let f = (x: Tensor): Tensor => power(x, 4);
    const values = [16, 32, 48, 48, 24, 0].map(() => {
      const value = f(scalar(2)).item();
      f = grad(f);
      return value;
    });
    expect(values).toEqual([16, 32, 48, 48, 24, 0]);
  });

  test('of the first argument alone; the others pass through', () => {
    const f = grad((x: Tensor, y: Tensor, factor: number) => multiply(multiply(x, y), factor));
    expect(f(scalar(2), scalar(3), 10).item()).toBe(30);
  });

  test('of a function of several paths', () => {
    expect(grad((x: Tensor) => add(multiply(x, x), add(x, sin(x))))(scalar(0)).item()).toBe(2);
  });

  test('of the identity and of a constant', () => {
    expect(grad((x: Tensor) => x)(scalar(5)).item()).toBe(1);
    expect(grad((_: Tensor) => scalar(5))(scalar(1)).item()).toBe(0);
  });

  test('a result of shape [1, 1] is one element', () => {
    expect(grad((x: Tensor) => reshape(sum(square(x)), [1, 1]))(vector(1, 2)).toArray()).toEqual([2, 4]);
  });
});

describe('nested gradients keep their variables apart', () => {
  test('x · d(x·y)/dy at y = x', () => {
    const f = grad((x: Tensor) => multiply(x, grad((y: Tensor) => multiply(x, y))(x)));
    expect(f(scalar(3)).item()).toBe(6);
  });

  test('x · d(x + y)/dy is x', () => {
    const f = grad((x: Tensor) => multiply(x, grad((y: Tensor) => add(x, y))(scalar(1))));
    expect(f(scalar(3)).item()).toBe(1);
  });

  test('an inner gradient by the tensor of the outer', () => {
    // d/dx (x · d(x²·y)/dy at y = x) = d/dx x³, while d/dx (x · d(y³)/dy at y = x) = d/dx 3x³.
    const first = grad((x: Tensor) => multiply(x, grad((y: Tensor) => multiply(square(x), y))(x)));
    const second = grad((x: Tensor) => multiply(x, grad((y: Tensor) => power(y, 3))(x)));
    expect([first(scalar(2)).item(), second(scalar(2)).item()]).toEqual([12, 36]);
  });

  test('a product of a Hessian and a vector', () => {
    const f = (x: Tensor): Tensor => multiply(square(slice(x, [0], [1])), slice(x, [1], [1]));
    const v = vector(1, 10);
    const product = grad((x: Tensor) => sum(multiply(v, grad((y: Tensor) => sum(f(y)))(x))));
    // f = a²b: Hessian [[2b, 2a], [2a, 0]].
    expect(product(vector(2, 3)).toArray()).toEqual([6 + 40, 4]);
  });

  test('an inner gradient of something the outer does not know has no gradient', () => {
    const f = grad((x: Tensor) => multiply(x, stopGradient(grad((y: Tensor) => multiply(x, y))(x))));
    expect(f(scalar(3)).item()).toBe(3);
  });
});

describe('gradientsOf', () => {
  test('zeros, of the right shape and dtype, for what is not used', () => {
    const [x, unused] = [vector(1, 2), tensor([[1, 2, 3]])];
    const [value, [dX, dUnused]] = gradientsOf(() => sum(square(x)), [x, unused]);
    expect([value.item(), dX?.toArray(), dUnused?.toArray(), dUnused?.dtype]).toEqual([
      5,
      [2, 4],
      [[0, 0, 0]],
      'f32',
    ]);
  });

  test('one tensor as both inputs of an op', () => {
    const x = vector(1, 2);
    expect(gradientsOf(() => sum(multiply(x, x)), [x])[1][0]?.toArray()).toEqual([2, 4]);
  });

  test('one tensor asked for twice, and equal gradients of two, are tensors of their own', () => {
    const [x, y] = [vector(1), vector(2)];
    const [, gradients] = gradientsOf(() => sum(add(x, y)), [x, y, x]);
    gradients[0]?.dispose();
    expect(gradients.slice(1).map((g) => g.toArray())).toEqual([[1], [1]]);
  });

  test('views inside f carry gradients to the tensor; an alias made outside is another tensor', () => {
    const x = vector(1, 2, 3, 4);
    const outside = x.view([4], [1], 0);
    const [, [dX, dOutside]] = gradientsOf(() => {
      const square4 = reshape(x, [2, 2]);
      return add(sum(multiply(square4, transpose(square4))), sum(outside));
    }, [x, outside]);
    expect(dX?.toArray()).toEqual([2, 6, 4, 8]);
    expect(dOutside?.toArray()).toEqual([1, 1, 1, 1]);
  });

  test('of no tensors: the value', () => {
    const [value, gradients] = gradientsOf(() => scalar(3), []);
    expect([value.item(), gradients]).toEqual([3, []]);
  });

  test('nothing is recorded after a function that throws', () => {
    const x = scalar(2);
    const failing = (): Tensor => {
      square(x);
      throw new Error('inside');
    };
    expect(() => gradientsOf(failing, [x])).toThrow('inside');
    expect(gradientsOf(() => square(x), [x])[1][0]?.item()).toBe(4);
  });

  test('f32 and f64 in one graph, joined by cast', () => {
    const [x, y] = [tensor([2]), vector(3)];
    const [, [dX, dY]] = gradientsOf(() => sum(multiply(cast(x, 'f64'), y)), [x, y]);
    expect([dX?.dtype, dX?.item(), dY?.dtype, dY?.item()]).toEqual(['f32', 3, 'f64', 2]);
  });

  test('a training step in a scope leaves only what it returns', () => {
    const w = tensor(new Float64Array([0.1, 0.2, 0.3, 0.4]), [2, 2]);
    const step = (): Tensor[] =>
      scope(() => gradientsOf(() => mean(square(tanh(multiply(add(relu(w), 1), transpose(w))))), [w])[1]);
    const before = memory();
    for (const g of step()) g.dispose();
    expect(memory()).toEqual(before);
  });
});

describe('valueAndGrad over trees', () => {
  test('arrays and records at any depth; the gradient has their structure', () => {
    const parameters = {
      layers: [
        { w: vector(2), b: vector(1) },
        { w: vector(3), b: vector(5) },
      ],
      scale: scalar(2),
    };
    const [value, gradient] = valueAndGrad(({ layers: [first, second], scale }: typeof parameters) =>
      multiply(
        sum(
          add(multiply((first as { w: Tensor }).w, (second as { w: Tensor }).w), (first as { b: Tensor }).b),
        ),
        scale,
      ),
    )(parameters);
    expect(value.item()).toBe(14);
    expect(gradient.layers.map(({ w, b }) => [w.toArray(), b.toArray()])).toEqual([
      [[6], [2]],
      [[4], [0]],
    ]);
    expect(gradient.scale.item()).toBe(7);
  });

  test('one tensor at two places has a gradient for each', () => {
    const x = vector(3);
    const gradient = grad(([a, b]: [Tensor, Tensor]) => sum(multiply(square(a), b)))([x, x]);
    expect(gradient.map((g) => g.toArray())).toEqual([[18], [9]]);
  });

  test('the tensor itself, used by name inside f, is a constant', () => {
    const x = scalar(3);
    expect(grad((y: Tensor) => multiply(x, y))(x).item()).toBe(3);
  });
});

describe('stopGradient and customGradient', () => {
  test('stopGradient is the identity without gradient', () => {
    const f = (x: Tensor): Tensor => sum(multiply(x, stopGradient(square(x))));
    const [value, gradient] = valueAndGrad(f)(vector(2));
    expect([value.item(), gradient.toArray()]).toEqual([8, [4]]);
  });

  const clamped = customGradient((x: Tensor) => ({ value: exp(x), vjp: (g) => [multiply(g, 7)] }));

  test("a gradient of the caller's own replaces the derivative", () => {
    expect(valueAndGrad((x: Tensor) => sum(clamped(x)))(vector(0)).map((t) => t.dataSync()[0])).toEqual([
      1, 7,
    ]);
  });

  test('a value that is the input itself', () => {
    const reversed = customGradient((x: Tensor) => ({ value: x, vjp: (g) => [multiply(g, -1)] }));
    expect(grad((x: Tensor) => sum(square(reversed(x))))(vector(3)).toArray()).toEqual([-6]);
  });

  test('gradients of gradients go through the vjp and what it uses of f', () => {
    const byInput = customGradient((x: Tensor) => ({
      value: square(x),
      vjp: (g) => [multiply(g, multiply(x, 2))],
    }));
    const byValue = customGradient((x: Tensor) => {
      const value = exp(x);
      return { value, vjp: (g) => [multiply(g, value)] };
    });
    const third = (f: (x: Tensor) => Tensor): number => grad(grad(grad(f)))(scalar(1)).item();
    expect([third((x) => multiply(byInput(x), x)), third(byValue)]).toEqual([6, Math.E]);
  });

  test('undefined stands for zero; only what is watched is asked for', () => {
    const first = customGradient((x: Tensor, y: Tensor) => ({
      value: add(x, y),
      vjp: (g) => [g, undefined],
    }));
    const gradients = grad(([x, y]: [Tensor, Tensor]) => sum(first(x, y)))([vector(1), vector(2)]);
    expect(gradients.map((g) => g.toArray())).toEqual([[1], [0]]);
  });

  test('tensors captured by f have no gradient', () => {
    const w = vector(5);
    const scaled = customGradient((x: Tensor) => ({ value: multiply(x, w), vjp: (g) => [multiply(g, w)] }));
    const [, [dW]] = gradientsOf(() => sum(scaled(vector(2))), [w]);
    expect(dW?.toArray()).toEqual([0]);
  });
});

describe('errors', () => {
  test('results of several elements are refused, with their shape', () => {
    expect(() => grad((x: Tensor) => square(x))(vector(1, 2))).toThrow(ArgumentError);
    expect(() => grad((x: Tensor) => square(x))(vector(1, 2))).toThrow(
      /one floating-point element.*\[2\].*sum or mean/,
    );
  });

  test('integer results and arguments are refused, with their dtype', () => {
    const index = tensor([1], [1], { dtype: 'i32' });
    expect(() => grad((x: Tensor) => sum(x))(index)).toThrow(/floating-point tensors.*\[1\], i32/);
    expect(() => grad((x: Tensor) => cast(sum(x), 'i32'))(vector(1))).toThrow(/i32/);
  });

  test('results that are no tensors, arguments that are no trees', () => {
    const loose = grad as unknown as (f: () => unknown) => (x: unknown) => unknown;
    expect(() => loose(() => 3)(vector(1))).toThrow(ArgumentError);
    expect(() => loose(() => scalar(1))(3)).toThrow(/a tensor, or arrays and records of tensors/);
    expect(() => loose(() => scalar(1))(null)).toThrow(ArgumentError);
  });

  test('disposed tensors are refused in ops, as arguments, and in the backward pass', () => {
    const gone = vector(1, 2);
    gone.dispose();
    expect(() => square(gone)).toThrow(DisposedError);
    expect(() => grad((x: Tensor) => sum(x))(gone)).toThrow(/\[2\].*disposed/);
    const f = (x: Tensor): Tensor => {
      const y = exp(x);
      const z = sum(square(y));
      y.dispose();
      return z;
    };
    expect(() => grad(f)(vector(1))).toThrow(DisposedError);
  });
});
