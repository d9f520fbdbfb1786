import { add, gradientsOf, sum } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { dense, hashedNet, SharedSpace, tiles } from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Sequential } from './containers/sequential.ts';
import { Dense } from './dense.ts';
import { load } from './model-file/load.ts';

const space = (name?: string): SharedSpace =>
  new SharedSpace({ values: 256, seed: 1, ...(name !== undefined && { name }) });

/** Two layers, and the bias of the second, out of one space. */
const network = (shared = space()): Sequential =>
  new Sequential([
    new Dense({ in: 20, out: 30, activation: 'tanh', weight: tiles({ space: shared }) }),
    new Dense({
      in: 30,
      out: 10,
      weight: hashedNet({ space: shared }),
      bias: hashedNet({ space: shared }),
    }),
  ]);

test('its values are one parameter of the network, counted once', () => {
  const shared = space();
  const net = network(shared);
  expect([...net.namedParameters().keys()]).toEqual(['space', '0.bias']);
  expect(net.namedParameters().get('space')).toBe(shared.parameter);
  const { rows, total } = net.summary();
  expect(rows.map(({ name, storedCount }) => [name, storedCount])).toEqual([
    ['0.weight', 256],
    ['0.bias', 30],
    ['1.weight', 0],
    ['1.bias', 0],
  ]);
  expect(total).toMatchObject({ storedCount: 286, virtualCount: 940, storedBytes: 4 * 286 });
});

test('the virtual matrices start with the spread of their layer, whatever the spread of the space', () => {
  const net = network();
  for (const layer of net.layers as Dense[]) {
    const entries = Float64Array.from(layer.weight.decode().dataSync());
    const std = Math.sqrt(entries.reduce((total, v) => total + v * v, 0) / entries.length);
    expect(std / Math.sqrt(2 / layer.weight.cols)).toBeCloseTo(1, 1);
  }
});

test('its gradient is the sum over all places that read it', () => {
  const net = network();
  const [first, second] = net.layers as [Dense, Dense];
  const x = tensor(
    new Float32Array(40).map((_, k) => Math.sin(k)),
    [2, 20],
  );
  const h = first.forward(x);
  const wrt = [net.namedParameters().get('space')?.value as Tensor];
  const [, [whole]] = gradientsOf(() => sum(net.forward(x)), wrt);
  const [, [ofSecond]] = gradientsOf(() => sum(second.forward(h)), wrt);
  // The gradient of the first layer alone, by a copy of the second one with values of its own.
  const frozen = new Dense({ in: 30, out: 10, bias: false });
  frozen.weight.parameters[0]?.assign(second.weight.decode());
  const [, [ofFirst]] = gradientsOf(() => sum(frozen.forward(first.forward(x))), wrt);
  const expected = add(ofFirst as Tensor, ofSecond as Tensor).dataSync();
  whole?.dataSync().forEach((g, k) => {
    expect(g).toBeCloseTo(expected[k] as number, 3);
  });
});

test('is shared again after load', async () => {
  const net = network();
  const loaded = (await load(await net.toBytes())) as Sequential;
  const [a, b] = loaded.layers as [Dense, Dense];
  expect(a.weight.space).toBe(b.weight.space);
  expect(a.weight.parameters[0]).toBe(b.weight.parameters[0]);
  expect([...loaded.namedParameters().keys()]).toEqual(['space', '0.bias']);
  expect(await loaded.toBytes()).toEqual(await net.toBytes());
});

test('two spaces of one name are refused; with a name each they work', () => {
  const pair = (one: SharedSpace, other: SharedSpace): Sequential =>
    new Sequential([
      new Sequential([new Dense({ in: 4, out: 4, weight: hashedNet({ space: one }) })]),
      new Dense({ in: 4, out: 4, bias: hashedNet({ space: other }) }),
    ]);
  expect(() => pair(space(), space())).toThrow(ArgumentError);
  expect(() => pair(space('a'), space('a'))).toThrow(/got a, a. Give each SharedSpace a name./);
  expect([...pair(space('a'), space('b')).namedParameters().keys()]).toEqual([
    'a',
    'b',
    '0.0.bias',
    '1.weight.w',
  ]);
});

test('a space named as a parameter is refused before one takes the place of the other', () => {
  const layer = new Dense({ in: 4, out: 4, weight: hashedNet({ space: space('bias') }) });
  expect(() => layer.namedParameters()).toThrow(/bias twice/);
  const net = new Sequential([new Dense({ in: 4, out: 4, weight: hashedNet({ space: space('0.bias') }) })]);
  expect(() => net.namedParameters()).toThrow(/0\.bias twice/);
});

test('a scheme without a pool refuses a space', () => {
  const layer = new Dense({ in: 4, out: 4, weight: dense({ space: space() }) });
  expect(() => layer.weight).toThrow(ArgumentError);
});
