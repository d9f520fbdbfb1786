import { random } from '@funhash/hashing';
import {
  binarize,
  binary,
  gradientsOf,
  powerOfTwo,
  quantize,
  stochasticBinarize,
  sum,
  type Tensor,
  tensor,
  useBackend,
} from '@funhash/layers';
import { createWeight } from '@funhash/space';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseBackend } from './backend.ts';

const edges = [
  0,
  -0,
  1,
  -1,
  1 + 2 ** -23,
  -1 - 2 ** -23,
  2 ** -126,
  -(2 ** -126),
  0.5,
  -0.5,
  1.5,
  3e38,
  -3e38,
];
const x = [...edges, ...random(5).fillNormal(new Float32Array(100))];

const quantizers: Record<string, (x: Tensor) => Tensor> = {
  binarize,
  stochasticBinarize: (x) => stochasticBinarize(x, { seed: 77 }),
  'quantize to 2 bits': (x) => quantize(x, tensor([0.25]), { low: -2, high: 1, count: 9 }),
  'quantize to 8 bits without a sign': (x) => quantize(x, tensor([2 ** -6]), { low: 0, high: 255, count: 9 }),
  powerOfTwo,
};

/** What a quantiser makes of x on the current backend, and its gradients. */
async function run(quantizer: (x: Tensor) => Tensor): Promise<{ values: number[]; slopes: number[] }> {
  const at = tensor(x);
  let y: Tensor | undefined;
  const [, [slope]] = gradientsOf(() => {
    y = quantizer(at);
    return sum(y);
  }, [at]);
  const read = async (values: Tensor | undefined): Promise<number[]> =>
    Array.from((await values?.data()) as Float32Array, (value) => value + 0);
  return { values: await read(y), slopes: await read(slope) };
}

const expected: Record<string, unknown> = {};

beforeAll(async () => {
  await useBackend('reference');
  for (const [name, quantizer] of Object.entries(quantizers)) expected[name] = await run(quantizer);
});

afterAll(() => useBackend('reference'));

describe.each(['reference', 'wasm', 'gpu:cpu'])('on %s', (backend) => {
  beforeAll(async () => void (await chooseBackend(backend, 1)));

  test.each(Object.entries(quantizers))(
    '%s is that of the reference, bit for bit',
    async (name, quantizer) => {
      expect(await run(quantizer)).toEqual(expected[name]);
    },
  );

  test('signs of 0 and −0 are +1, of activations and of weights', async () => {
    const zeros = tensor([0, -0]);
    expect([...(await binarize(zeros).data())]).toEqual([1, 1]);
    const weight = createWeight(binary(), { rows: 1, cols: 2 });
    weight.parameters[0]?.assign(tensor([[0, -0]]));
    expect([...(await weight.decode().data())]).toEqual([1, 1]);
  });
});
