import { random } from '@funhash/hashing';
import { ShapeError, sizeOf, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad, gradientsOf } from '../grad.ts';
import { opLaws } from '../testing.ts';
import { type AttentionOptions, scaledDotProductAttention } from './attention.ts';
import { multiply } from './pointwise.ts';
import { sum } from './reduce.ts';

const extent = fc.integer({ min: 1, max: 3 });
const sample = (options: AttentionOptions) =>
  fc.tuple(fc.array(extent, { maxLength: 2 }), extent, extent, extent, extent).map(([lead, m, n, d, e]) => ({
    shapes: [
      [...lead, m, d],
      [...lead, n, d],
      [...lead.map(() => 1), n, e],
    ] as const,
    parameters: [options] as const,
  }));

describe('laws', () => {
  const variants = { plain: {}, causal: { causal: true }, scaled: { scale: -0.7 } };
  for (const [name, options] of Object.entries(variants))
    for (const law of opLaws(`attention, ${name}`, scaledDotProductAttention, sample(options), { runs: 8 }))
      test(law.name, law.check);
  const masked = (q: Tensor, k: Tensor, v: Tensor, bias: Tensor): Tensor =>
    scaledDotProductAttention(q, k, v, {
      bias,
      mask: tensor(
        [
          [1, 0],
          [1, 1],
          [0, 0],
        ],
        undefined,
        { dtype: 'i32' },
      ),
      causal: true,
    });
  const shapes = [
    [2, 3, 2],
    [2, 2, 2],
    [2, 2, 1],
    [3, 1],
  ] as const;
  for (const law of opLaws('attention, masked', masked, fc.constant({ shapes, parameters: [] as const }), {
    runs: 3,
  }))
    test(law.name, law.check);
});

const normal = (shape: readonly number[], seed: number): Tensor =>
  tensor(random(seed).fillNormal(new Float64Array(sizeOf(shape))), shape);

test('a query that sees no key gives 0, and gradients of 0', () => {
  const [q, k, v] = [normal([2, 4], 1), normal([3, 4], 2), normal([3, 5], 3)];
  const mask = tensor(
    [
      [0, 0, 0],
      [1, 0, 1],
    ],
    undefined,
    { dtype: 'f64' },
  );
  const attended = (query: Tensor) => scaledDotProductAttention(query, k, v, { mask });
  expect(attended(q).toArray()).toEqual([[0, 0, 0, 0, 0], expect.anything()]);
  const slope = grad((query: Tensor) => sum(multiply(attended(query), attended(query))))(q);
  expect(slope.toArray()).toEqual([[0, 0, 0, 0], expect.not.arrayContaining([Number.NaN])]);
});

test('what is not seen has no influence, however large it is', () => {
  const [q, k] = [normal([3, 2], 1), normal([3, 2], 2)];
  const v = normal([3, 2], 3);
  const changed = tensor([...k.dataSync().slice(0, 4), 1e6, -1e6], [3, 2], { dtype: 'f64' });
  const first = (keys: Tensor) => scaledDotProductAttention(q, keys, v, { causal: true }).toArray();
  expect((first(changed) as number[][]).slice(0, 2)).toEqual((first(k) as number[][]).slice(0, 2));
  const [, [dK]] = gradientsOf(
    () => sum(scaledDotProductAttention(q, k, v, { mask: tensor([[1, 1, 0]], undefined, { dtype: 'f64' }) })),
    [k],
  );
  expect([...(dK as Tensor).dataSync().slice(4)]).toEqual([0, 0]);
});

test('what it does not take', () => {
  const x = normal([3, 2], 1);
  for (const [k, v] of [
    [normal([3, 1], 1), x],
    [x, normal([2, 2], 1)],
    [normal([3], 1), x],
    [normal([0, 2], 1), normal([0, 2], 1)],
  ] as const)
    expect(() => scaledDotProductAttention(x, k, v)).toThrow(ShapeError);
  expect(() => scaledDotProductAttention(x, x, x, { isCausal: true } as never)).toThrow(
    /did you mean causal/,
  );
});
