import { funHash, hashedNet, tensorTrain } from '@funhash/space';
import { expect, test } from 'vitest';
import { Activation } from './activation.ts';
import { Sequential } from './containers/sequential.ts';
import { Dense } from './dense.ts';
import { Dropout } from './dropout.ts';

const paperNetwork = (weight: typeof hashedNet | typeof funHash): Sequential =>
  new Sequential([
    new Dense({ in: 784, out: 1000, activation: 'relu', weight: weight({ ratio: 1 / 64 }) }),
    new Dropout({ rate: 0.1 }),
    new Dense({ in: 1000, out: 10, weight: weight({ ratio: 1 / 64 }) }),
  ]);

test.each([hashedNet, funHash])('784-1000-10 at 1/64: every stored value, once', (scheme) => {
  const net = paperNetwork(scheme);
  const { rows, total } = net.summary();
  expect(rows.map(({ storedCount }) => storedCount)).toEqual([12_250, 1000, 156, 10]);
  expect(rows.map(({ virtualCount }) => virtualCount)).toEqual([784_000, 1000, 10_000, 10]);
  expect(total.storedCount).toBe(13_416);
  expect(total.storedBytes).toBe(4 * 13_416);
  expect(total.virtualCount).toBe(795_010);
  expect(total.bitsPerWeight).toBe((32 * 13_416) / 795_010);
  expect(total.ratio).toBe(13_416 / 795_010);
  expect(total.storedCount).toBe(net.parameters().reduce((sum, { value }) => sum + value.size, 0));
});

test('prints as a table', () => {
  expect(`\n${paperNetwork(funHash).summary()}\n`).toMatchInlineSnapshot(`
    "
    layer     scheme   shape       virtual  stored   bytes  bits/weight   ratio
    0.weight  funHash  1000 × 784  784 000  12 250  49 000         0.50  1/64.0
    0.bias    bias     1000          1 000   1 000   4 000        32.00   1/1.0
    2.weight  funHash  10 × 1000    10 000     156     624         0.50  1/64.1
    2.bias    bias     10               10      10      40        32.00   1/1.0
    total                          795 010  13 416  53 664         0.54  1/59.3
    "
  `);
});

test('rows of virtual biases, of none, and of layers without weights', () => {
  const net = new Sequential([
    new Dense({ in: 3, out: 4, bias: hashedNet({ values: 2 }) }),
    new Activation('relu'),
    new Dense({ in: 4, out: 1, bias: false }),
  ]);
  expect(net.summary().rows).toMatchObject([
    { name: '0.weight', kind: 'dense', shape: [4, 3], storedCount: 12, bitsPerWeight: 32, ratio: 1 },
    { name: '0.bias', kind: 'hashedNet', shape: [4], storedCount: 2, bitsPerWeight: 16, ratio: 0.5 },
    { name: '2.weight', kind: 'dense', shape: [1, 4], storedCount: 4 },
  ]);
  expect(new Activation('relu').summary().total).toEqual({
    virtualCount: 0,
    storedCount: 0,
    storedBytes: 0,
    bitsPerWeight: 0,
    ratio: 0,
  });
});

test('a layer in two places is stored once', () => {
  const layer = new Dense({ in: 3, out: 3 });
  const { rows, total } = new Sequential([layer, layer]).summary();
  expect(rows.map(({ storedCount }) => storedCount)).toEqual([9, 3, 0, 0]);
  expect(total.storedCount).toBe(12);
});

test('notes of weights stand below the table', () => {
  const weight = tensorTrain({ inModes: [4, 7, 7, 4], outModes: [1, 17, 1, 1], ranks: 2 });
  const summary = new Sequential([new Dense({ in: 784, out: 17, weight })]).summary();
  expect(summary.rows[0]?.notes).toHaveLength(2);
  expect(String(summary).split('\n').slice(-3)).toEqual([
    '',
    expect.stringMatching(/^0\.weight: 4×7×7×4 → 1×17×1×1, bonds 2, 2, 2; contracted through cores /),
    '0.weight: rows: 17 is prime, so that modes are 1×17×1×1; padding: true chooses even ones',
  ]);
});
