import { abs, add, gradientsOf, multiply, sqrt, square, subtract, sum } from '@funhash/autodiff';
import { Dense, hashedNet, moveBuffer, Sequential } from '@funhash/layers';
import { Parameter } from '@funhash/space';
import { scope, type Tensor, tensor, useBackend } from '@funhash/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { fit } from './fit.ts';
import type { FitConfig } from './fit-config.ts';
import { eventsOf, firstCheckpoint, ofType, spirals } from './fit-runs.spec-kit.ts';
import { softmaxCrossEntropy } from './losses.ts';
import { adam } from './optimizers/adam.ts';
import { sgd } from './optimizers/sgd.ts';
import type { Penalty, PenaltyPass } from './penalty.ts';
import { readCheckpoint } from './read-checkpoint.ts';

const net = (): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: 6, activation: 'tanh', weight: hashedNet({ ratio: 1 / 2 }) }),
      new Dense({ in: 6, out: 2 }),
    ],
    { seed: 3 },
  );
const data = spirals(24, 4);
const rest = { data, epochs: 3, batchSize: 8, reportEverySteps: 1, seed: 1 };
const numbersIn = (model: Sequential): number[] =>
  model.parameters().flatMap(({ value }) => [...value.dataSync()]);
const near = (a: readonly number[], b: readonly number[]): void => {
  for (const [k, x] of a.entries()) expect(Math.abs(x - (b[k] as number))).toBeLessThan(2e-6);
};

const l2 =
  (weight: number) =>
  ({ parameters }: PenaltyPass): Tensor =>
    multiply(
      [...parameters.values()].map((x) => sum(square(x))).reduce((a, b) => add(a, b)),
      weight,
    );

/** Pulls decoded weights towards a value that it learns, harder from step to step, and counts the steps that were taken. */
function pulling(model: Sequential) {
  const centre = Parameter.of('centre', Float32Array.of(0.5), [1]);
  const taken = Parameter.of('taken', Float32Array.of(0), [1]);
  const steps: [step: number, steps: number | undefined][] = [];
  const penalty: Penalty = {
    name: 'pull',
    options: { weight: 0.01 },
    loss: (pass) => {
      steps.push([pass.step, pass.steps]);
      moveBuffer(pass, taken, (count) => add(count, 1));
      const weights = [...model.weights().values()].map((weight) => weight.decode());
      const distances = weights.map((v) => sum(abs(subtract(v, centre.value))));
      return multiply(
        distances.reduce((a, b) => add(a, b)),
        0.01 * (pass.step + 1),
      );
    },
    namedParameters: () => new Map([['centre', centre]]),
    namedBuffers: () => new Map([['taken', taken]]),
  };
  return { penalty, centre, taken, steps };
}

describe.each(['reference', 'wasm'] as const)('%s', (name) => {
  beforeAll(async () => void (await useBackend(name)));

  test('half the sum of squares is weight decay', async () => {
    const run = async (config: Partial<FitConfig>, weightDecay: number) => {
      const model = net();
      const optimizer = sgd({ learningRate: 0.1, momentum: 0.9, weightDecay });
      const events = await eventsOf({ ...rest, model, optimizer, ...config });
      return { numbers: numbersIn(model), steps: ofType(events, 'step'), epochs: ofType(events, 'epoch') };
    };
    const [decayed, plain] = [await run({}, 0.02), await run({}, 0)];
    for (const accumulate of [1, 2, 3]) {
      const batches = { batchSize: 24 / accumulate, accumulate };
      const [a, b] = [await run({ ...batches, penalty: l2(0.01) }, 0), await run(batches, 0.02)];
      near(a.numbers, b.numbers);
      near(
        a.steps.map(({ loss }) => loss),
        b.steps.map(({ loss }) => loss),
      );
    }
    const penalized = await run({ penalty: l2(0.01) }, 0);
    near(penalized.numbers, decayed.numbers);
    expect(penalized.numbers).not.toEqual(plain.numbers);
    // Told apart from the loss.
    const start = numbersIn(net()).reduce((total, x) => total + 0.01 * x * x, 0);
    expect(penalized.steps[0]?.penalty).toBeCloseTo(start, 5);
    expect(penalized.steps[0]?.loss).toBe(plain.steps[0]?.loss);
    const ofEpoch = penalized.steps.slice(0, 3).reduce((total, { penalty = 0 }) => total + penalty / 3, 0);
    expect(penalized.epochs[0]?.penalty).toBeCloseTo(ofEpoch, 6);
    expect([plain.steps[0]?.penalty, plain.epochs[0]?.penalty]).toEqual([undefined, undefined]);
  });

  test('what is frozen takes no part; parameters of its own do, and are told the step', async () => {
    const model = net();
    const { penalty, centre, taken, steps } = pulling(model);
    const optimizer = sgd({ learningRate: 0.1 });
    const before = numbersIn(model);
    const parameters = [...model.parameters(), centre].map(({ value }) => value);
    const expected = scope(() => {
      const x = tensor(data.inputs, [24, 2]);
      const [, gradients] = gradientsOf(
        () =>
          add(
            softmaxCrossEntropy(model.forward(x), tensor(data.labels)),
            multiply(
              [...model.weights().values()]
                .map((weight) => sum(abs(subtract(weight.decode(), centre.value))))
                .reduce((a, b) => add(a, b)),
              0.01,
            ),
          ),
        parameters,
      );
      return gradients.map((gradient, k) =>
        [...(parameters[k] as Tensor).dataSync()].map(
          (value, at) => value - 0.1 * (gradient.dataSync()[at] as number),
        ),
      );
    });
    await fit({ ...rest, model, penalty, optimizer, epochs: 1, batchSize: 24, freeze: ['0'] });
    const frozen = model.layers[0]?.parameters().flatMap(({ value }) => [...value.dataSync()]) ?? [];
    expect(frozen).toEqual(before.slice(0, frozen.length));
    const own = expected.flat();
    near(numbersIn(model).slice(frozen.length), own.slice(frozen.length, -1));
    near([...centre.value.dataSync()], own.slice(-1));
    expect(taken.value.item()).toBe(1);
    await fit({ ...rest, model, penalty, optimizer, epochs: 2, batchSize: 6, accumulate: 2, shuffle: false });
    expect(steps).toEqual([[0, 1], ...[0, 1, 2, 3].map((step) => [step, 4])]);
    expect(taken.value.item()).toBe(5);
  });

  test('a resumed run continues values and sums of the penalty bit for bit', async () => {
    const optimizer = adam({ learningRate: 0.01 });
    const [straight, stopped, resumed] = [net(), net(), net()];
    const [a, b, c] = [pulling(straight), pulling(stopped), pulling(resumed)];
    const more = { ...rest, optimizer, average: { decay: 0.9 } };
    const whole = await eventsOf({ ...more, model: straight, penalty: a.penalty });
    const checkpoint = { everySteps: 4 };
    const { bytes } = await firstCheckpoint({ ...more, model: stopped, penalty: b.penalty, checkpoint });
    expect([...(await readCheckpoint(bytes)).parameters.keys()]).toContain('penalty.centre');
    const events = await eventsOf({ ...more, model: resumed, penalty: c.penalty, resume: bytes });
    expect(numbersIn(resumed)).toEqual(numbersIn(straight));
    for (const kept of ['centre', 'taken'] as const) expect(c[kept].value.item()).toBe(a[kept].value.item());
    const penalties = (all: typeof events) => ofType(all, 'epoch').map(({ penalty }) => penalty);
    expect(penalties(events)).toEqual(penalties(whole).slice(-2));
    const other = (penalty?: Penalty) =>
      fit({ ...more, model: net(), resume: bytes, ...(penalty && { penalty }) }).next();
    await expect(other()).rejects.toThrow('penalty: pull in the checkpoint, none here');
    await expect(other({ ...c.penalty, name: 'push' })).rejects.toThrow(
      'penalty: pull in the checkpoint, push here',
    );
    await expect(other({ ...c.penalty, options: { weight: 0.02 } })).rejects.toThrow(
      'penalty.weight: 0.01 in the checkpoint, 0.02 here',
    );
  });

  test('a step whose penalty is not finite changes nothing, what the penalty keeps either', async () => {
    const model = net();
    const { penalty, taken } = pulling(model);
    const loss = (pass: PenaltyPass): Tensor =>
      multiply(penalty.loss(pass), pass.step === 1 ? Number.NaN : 1);
    let after: number[] = [];
    const train = async () => {
      for await (const event of fit({ ...rest, model, penalty: { ...penalty, loss } }))
        if (event.type === 'step') after = numbersIn(model);
    };
    await expect(train()).rejects.toThrow('expected a finite penalty, got NaN in epoch 1, step 2');
    expect(numbersIn(model)).toEqual(after);
    expect(taken.value.item()).toBe(1);
  });

  test('a NaN gradient under a finite loss is refused by checkGradients before anything changes', async () => {
    const model = net();
    const penalty = ({ parameters, step }: PenaltyPass): Tensor => {
      const bias = parameters.get('0.bias') as Tensor;
      // √ of 0: 0, with an infinite slope that a factor 0 makes NaN.
      const zero = multiply(bias, 0);
      return step === 2 ? sum(multiply(sqrt(zero), 0)) : sum(zero);
    };
    let after: number[] = [];
    const train = async (checkGradients: boolean) => {
      for await (const event of fit({ ...rest, model, penalty, checkGradients }))
        if (event.type === 'step') after = numbersIn(model);
    };
    await expect(train(true)).rejects.toThrow(
      'expected a finite gradient of 0.bias, got NaN in epoch 1, step 3',
    );
    expect(numbersIn(model)).toEqual(after);
    expect(after.every(Number.isFinite)).toBe(true);
    await expect(train(false)).rejects.toThrow(
      'expected a finite parameter 0.bias, got NaN in epoch 1, step 3',
    );
  });
});

test.each([
  [() => 3, 'a penalty (a function) that gives one floating-point element, got 3'],
  [() => tensor([1, 2]), 'a penalty (a function) that gives one floating-point element'],
  [{ name: 'rate' }, 'fit: expected penalty: a function of a step'],
  [3, 'fit: expected penalty: a function of a step'],
])('%s is no penalty', async (penalty, message) => {
  const run = async () => fit({ ...rest, model: net(), penalty: [penalty][0] as never });
  await expect(run()).rejects.toThrow(message);
});
