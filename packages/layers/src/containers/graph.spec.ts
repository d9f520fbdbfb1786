import { add, multiply, softmax } from '@funhash/autodiff';
import { ArgumentError, OptionError } from '@funhash/hashing';
import { type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Dense } from '../dense.ts';
import { load } from '../model-file/load.ts';
import { Graph, type GraphStep } from './graph.ts';

const x = (): Tensor =>
  tensor([
    [1, -2, 3],
    [0.5, 4, -1],
  ]);

test('steps read the input, layers, values and each other', async () => {
  const layer = new Dense({ in: 3, out: 3 });
  const graph = new Graph(
    [layer],
    [
      { op: 'layer', layer: 0, of: [0] },
      { op: 'values', values: 'scale' },
      { op: 'multiply', of: [1, 2] },
      // The layer again, on another value.
      { op: 'layer', layer: 0, of: [3] },
      { op: 'add', of: [4, 0] },
      { op: 'softmax', of: [5], axis: 1 },
    ],
    { values: { scale: { shape: [3] } } },
  );
  graph
    .namedParameters()
    .get('scale')
    ?.assign(tensor([2, 3, -1]));
  const once = multiply(layer.forward(x()), tensor([2, 3, -1]));
  const expected = softmax(add(layer.forward(once), x()), { axis: 1 });
  expect(graph.forward(x()).dataSync()).toEqual(expected.dataSync());
  expect([...graph.namedParameters().keys()]).toEqual(['scale', '0.weight.w', '0.bias']);
  expect((await load(await graph.toBytes())).forward(x()).dataSync()).toEqual(expected.dataSync());
});

test('values that are not trained are saved beside the parameters', async () => {
  const graph = new Graph(
    [],
    [
      { op: 'values', values: 'offset' },
      { op: 'add', of: [0, 1] },
    ],
    {
      values: { offset: { shape: [1, 3], isTrained: false } },
    },
  );
  graph
    .namedBuffers()
    .get('offset')
    ?.assign(tensor([[1, 2, 3]]));
  expect(graph.parameters()).toEqual([]);
  const loaded = await load(await graph.toBytes());
  expect([...loaded.forward(x()).dataSync()]).toEqual([2, 0, 6, 1.5, 6, 2]);
});

test('a graph with other members keeps its own values', () => {
  const graph = new Graph(
    [new Dense({ in: 3, out: 3 })],
    [
      { op: 'layer', layer: 0, of: [0] },
      { op: 'values', values: 'scale' },
      { op: 'multiply', of: [1, 2] },
    ],
    { values: { scale: { shape: [3] } } },
  );
  const other = graph.withMembers(() => new Dense({ in: 3, out: 3, bias: false })) as Graph;
  expect(other.namedParameters().get('scale')).toBe(graph.namedParameters().get('scale'));
});

test.each<[RegExp, unknown]>([
  [/1 to 200000 steps/, []],
  [/a step such as/, [3]],
  [/Did you mean softmax/, [{ op: 'softmx', of: [0], axis: 0 }]],
  [/from 0, the input, to 0/, [{ op: 'abs', of: [1] }]],
  [/2 values as of/, [{ op: 'add', of: [0] }]],
  [/one of 0 layers/, [{ op: 'layer', layer: 0, of: [0] }]],
  [/one of 0 layers/, [{ op: 'layer', layer: { toString: null }, of: [0] }]],
  [/no values as values/, [{ op: 'values', values: 'scale' }]],
  [/axis/, [{ op: 'softmax', of: [0] }]],
  [/a list of axes/, [{ op: 'mean', of: [0], axes: ['a'] }]],
])('steps that say nothing are refused: %s', (message, steps) => {
  expect(() => new Graph([], steps as GraphStep[])).toThrow(ArgumentError);
  expect(() => new Graph([], steps as GraphStep[])).toThrow(message);
});

test('unknown options of steps and names of values are refused', () => {
  expect(() => new Graph([], [{ op: 'softmax', of: [0], axis: 1, axs: 2 }])).toThrow(OptionError);
  expect(() => new Graph([], [{ op: 'abs', of: [0] }], { values: { 'a.b': { shape: [1] } } })).toThrow(
    /letters and digits/,
  );
});
