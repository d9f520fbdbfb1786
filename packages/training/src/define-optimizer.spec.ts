import { Parameter } from '@funhash/space';
import { full, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { adaMax } from './optimizers/ada-max.ts';
import { adam } from './optimizers/adam.ts';
import { adamW } from './optimizers/adam-w.ts';
import { rmsprop } from './optimizers/rmsprop.ts';
import { sgd } from './optimizers/sgd.ts';

const parametersOf = (...vectors: number[][]) =>
  new Map(
    vectors.map((values, k) => [
      `p${k}`,
      new Parameter(`p${k}`, tensor(values, undefined, { dtype: 'f64' })),
    ]),
  );

const ones = (parameters: ReadonlyMap<string, Parameter>) =>
  [...parameters.values()].map(({ value }) => full(value.shape, 1, { dtype: 'f64' }));

test('an optimiser is its rule and plain options', () => {
  expect(adam({ learningRate: 0.27, relativeStep: true, beta2: 0.99 })).toMatchObject({
    rule: 'adam',
    options: {
      learningRate: 0.27,
      relativeStep: true,
      weightDecay: 0,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
    },
  });
  expect(adamW().options).toMatchObject({ learningRate: 0.001, weightDecay: 0.01 });
  expect([sgd, rmsprop, adaMax].map((make) => make().options.learningRate)).toEqual([0.01, 0.01, 0.002]);
});

test.each<[() => unknown, RegExp]>([
  [() => adam({ momentum: 0.9 } as object), /adam: unknown option momentum; it takes learningRate, .*beta1/],
  [() => adam({ beta1: Number.NaN }), /beta1: a finite number ≥ 0, got NaN/],
  [() => sgd({ learningRate: -1 }), /learningRate: a finite number ≥ 0, or a schedule/],
  [() => sgd({ nesterov: 1 as unknown as boolean }), /nesterov: true or false, got 1/],
  [() => sgd({ clipNorm: Infinity }), /clipNorm/],
  [() => adam({ relativeStep: true }), /a learningRate with relativeStep.*0.27 suits hashed/],
])('options %# are refused', (make, message) => {
  expect(make).toThrow(message);
});

test('options under which the rule is undefined are refused when bound', async () => {
  await expect(adam({ beta2: 1 }).create(parametersOf([1]))).rejects.toThrow(
    /betas below 1, got correction2 = Inf/,
  );
});

test('relative steps are of the root mean square of the start values, 0.03 for zeros', async () => {
  const parameters = parametersOf([3, -4, 0, 0], [0, 0]);
  const bound = await sgd({ learningRate: 0.1, relativeStep: true }).create(parameters);
  expect((await bound.state()).scales).toEqual([2.5, 0.03]);
  bound.update(ones(parameters));
  expect([...(parameters.get('p0') as Parameter).value.dataSync()]).toEqual([2.75, -4.25, -0.25, -0.25]);
  bound.update(ones(parameters));
  expect((parameters.get('p1') as Parameter).value.dataSync()[0]).toBeCloseTo(-0.006, 15);
});

test('a schedule is the learning rate, or multiplies it', async () => {
  const parameters = parametersOf([0]);
  const learningRate = (step: number) => 1 / 2 ** step;
  const bound = await sgd({ learningRate }).create(parameters, {
    schedule: (_, steps) => steps ?? 0,
    steps: 8,
  });
  const rates = [1, 2, 3].map(() => {
    const rate = bound.learningRate;
    bound.update(ones(parameters));
    return rate;
  });
  expect(rates).toEqual([8, 4, 2]);
  expect(bound.step).toBe(3);
  expect((parameters.get('p0') as Parameter).value.item()).toBe(-14);
});

test('decay is excluded by names or a choice; unknown names are refused', async () => {
  for (const noDecay of [['p1'], (name: string) => name === 'p1']) {
    const parameters = parametersOf([1], [1]);
    const bound = await sgd({ learningRate: 1, weightDecay: 0.5, noDecay }).create(parameters);
    bound.update([...parameters.values()].map(({ value }) => full(value.shape, 0, { dtype: 'f64' })));
    expect([...parameters.values()].map(({ value }) => value.item())).toEqual([0.5, 1]);
  }
  const create = sgd({ noDecay: ['bias'] }).create(parametersOf([1]));
  await expect(create).rejects.toThrow(/noDecay: names among p0, got bias/);
});

test('decoupled decay does not depend on the scale of a tensor', async () => {
  const parameters = parametersOf([100], [0.5]);
  const options = { learningRate: 0.1, relativeStep: true, weightDecay: 1 };
  const bound = await adamW(options).create(parameters);
  bound.update([...parameters.values()].map(({ value }) => full(value.shape, 0, { dtype: 'f64' })));
  expect([...parameters.values()].map(({ value }) => value.item())).toEqual([90, 0.45]);
});

test('one gradient for each parameter', async () => {
  const bound = await sgd().create(parametersOf([1], [2]));
  expect(() => bound.update([full([1], 1, { dtype: 'f64' })])).toThrow(
    /2 gradients, one for each parameter, got 1/,
  );
});

test('the state of others is refused, own state untouched', async () => {
  const bound = await adam({ learningRate: 0.1 }).create(parametersOf([1, 2]));
  const state = await bound.state();
  const other = await (await adam().create(parametersOf([1, 2, 3]))).state();
  expect(() => bound.restore(other)).toThrow(/m\/p0 of shape \[2\], got \[3\]/);
  expect(() => bound.restore({ ...state, rule: 'sgd' })).toThrow(/the state of adam, got that of sgd/);
  expect(() => bound.restore({ ...state, step: -1 })).toThrow(/number of steps/);
  expect(() => bound.restore({ ...state, scales: [1, 1] })).toThrow(/1 positive scales/);
  expect(() => bound.restore({ ...state, scales: [Number.NaN] })).toThrow(/1 positive scales/);
  expect(() => bound.restore({ ...state, slots: new Map() })).toThrow(/m\/p0 of shape \[2\], got none/);
  expect(await bound.state()).toEqual(state);
});
