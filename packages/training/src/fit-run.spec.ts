import { ArgumentError } from '@funhash/hashing';
import { Dense, Sequential } from '@funhash/layers';
import { memory } from '@funhash/tensor';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { DivergedError } from './errors.ts';
import { evaluate, predict } from './evaluate.ts';
import { fit } from './fit.ts';
import type { FitConfig, FitEvent } from './fit-config.ts';
import type { FitResult } from './fit-run.ts';
import { base, bitsOf, data, net, spirals } from './fit-runs.spec-kit.ts';
import { accuracy, errorRate } from './metrics.ts';
import { adam } from './optimizers/adam.ts';
import { cosine, warmupCosine } from './schedules.ts';

describe('a run that is awaited', () => {
  test('trains as one that is iterated, and tells what it came to', async () => {
    const [awaited, iterated] = [net(), net()];
    const options = { validation: spirals(20, 9), metrics: { errorRate } };
    const epochs: FitEvent[] = [];
    for await (const event of fit({ ...base(iterated), ...options }))
      if (event.type === 'epoch') epochs.push(event);
    const result = await fit({ ...base(awaited), ...options });
    expect(bitsOf(awaited)).toEqual(bitsOf(iterated));
    expect(result).toMatchObject({ reason: 'finished', epoch: 6, step: 18, keptEpoch: 6 });
    const { loss, validation } = epochs.at(-1) as { loss: number; validation: object };
    expect([result.loss, result.validation]).toEqual([loss, validation]);
    expect(result.epochs.map((event) => event.loss)).toEqual(
      epochs.map((event) => (event as { loss: number }).loss),
    );
    expectTypeOf(result.validation).toEqualTypeOf<
      ({ readonly loss: number } & { readonly errorRate: number }) | undefined
    >();
  });

  test('gives the parameters of the best epoch with the numbers of that epoch', async () => {
    const model = net();
    const validation = spirals(30, 9);
    const result = await fit({ ...base(model), epochs: 40, validation, earlyStopping: { patience: 3 } });
    const losses = result.epochs.map((event) => event.validation?.loss as number);
    expect(result.keptEpoch).toBe(1 + losses.indexOf(Math.min(...losses)));
    expect(result.validation?.loss).toBe(Math.min(...losses));
    expect((await evaluate(model, validation)).loss).toBe(result.validation?.loss);
  });

  test('goes on from events that were taken, is awaited twice, and after its loop', async () => {
    const [model, straight] = [net(), net()];
    const run = fit(base(model));
    expect((await run.next()).value).toMatchObject({ type: 'start' });
    const results = await Promise.all([run, run, run.then(({ step }) => step)]);
    expect(results[0]).toBe(results[1]);
    expect(results[2]).toBe(18);
    await fit(base(straight));
    expect(bitsOf(model)).toEqual(bitsOf(straight));
    for await (const _ of run) throw new Error('an event after the end');

    const looped = fit(base(net()));
    for await (const event of looped) if (event.type === 'end') break;
    expect((await looped).epoch).toBe(6);
  });

  test('throws the error of the run, each time, in a loop too', async () => {
    const broken = { ...data, inputs: data.inputs.map(() => Number.NaN) };
    const run = fit({ ...base(net()), data: broken });
    await expect(run).rejects.toThrow(DivergedError);
    await expect(run).rejects.toThrow(DivergedError);
    await expect(run.then(undefined, (error) => error)).resolves.toBeInstanceOf(DivergedError);
    const looped = fit({ ...base(net()), data: broken });
    const loop = async () => {
      for await (const _ of looped);
    };
    await expect(loop()).rejects.toThrow(DivergedError);
    await expect(looped).rejects.toThrow(DivergedError);
  });

  test('whose loop was left is an error, as nobody trains on; nothing is held', async () => {
    const model = net();
    model.parameters();
    const before = memory();
    const run = fit({ ...base(model), classWeights: [1, 2] });
    for await (const event of run) if (event.type === 'epoch') break;
    expect(memory()).toEqual(before);
    await expect(run).rejects.toThrow(
      /await fit: expected a run that goes to its end, got one that was left before/,
    );
    const other = fit(base(model));
    await other.return();
    await expect(other).rejects.toThrow(ArgumentError);
    const thrown = fit(base(model));
    await thrown.next();
    await expect(thrown.throw(new Error('enough'))).rejects.toThrow('enough');
    await expect(thrown).rejects.toThrow('enough');
    expect(memory()).toEqual(before);
  });

  test('that a signal ends gives how far it came', async () => {
    const controller = new AbortController();
    const run = fit({ ...base(net()), signal: controller.signal, reportEverySteps: 1 });
    for await (const event of run) if (event.type === 'step' && event.step === 4) controller.abort();
    expect(await run).toMatchObject({ reason: 'aborted', epoch: 2, step: 4, loss: undefined });
  });

  test('nothing is trained before', () => {
    const model = net();
    const before = bitsOf(model);
    const run = fit(base(model));
    expect(bitsOf(model)).toEqual(before);
    expectTypeOf(run).toExtend<PromiseLike<FitResult>>();
    expectTypeOf(run).toExtend<AsyncIterable<FitEvent>>();
  });
});

test('a resume that is refused holds nothing', async () => {
  let bytes: Uint8Array | undefined;
  for await (const event of fit({ ...base(net()), checkpoint: {} }))
    if (event.type === 'checkpoint') bytes ??= event.bytes;
  const model = net();
  model.parameters();
  const before = memory();
  const config = { ...base(model), classWeights: [1, 2], resume: bytes as Uint8Array };
  await expect(fit(config)).rejects.toThrow(/classWeights/);
  expect(memory()).toEqual(before);
});

describe('batches in an epoch', () => {
  const good = spirals(10, 1);
  test.each([
    ['one more', [good, good, good]],
    [
      'no end of them',
      {
        *[Symbol.iterator]() {
          for (;;) yield good;
        },
      },
    ],
  ])('%s than stepsPerEpoch are refused, and none trains at rate 0', async (_, batches) => {
    const rates: number[] = [];
    const run = async () => {
      const config = { model: net(), data: () => batches, stepsPerEpoch: 2, epochs: 2, reportEverySteps: 1 };
      for await (const event of fit(config)) if (event.type === 'step') rates.push(event.learningRate);
    };
    await expect(run()).rejects.toThrow(
      /fit: expected 2 batches of data\(0\), as stepsPerEpoch says, got more\./,
    );
    expect(rates).toHaveLength(2);
    expect(Math.min(...rates)).toBeGreaterThan(0);
  });

  test('fewer are taken as they come', async () => {
    const result = await fit({ model: net(), data: () => [good], stepsPerEpoch: 2, epochs: 3 });
    expect(result.step).toBe(3);
  });

  test('stepsPerEpoch beside examples in memory has to be theirs', async () => {
    expect((await fit({ ...base(net()), stepsPerEpoch: 3, epochs: 1 })).step).toBe(3);
    await expect(fit({ ...base(net()), stepsPerEpoch: 4 })).rejects.toThrow(
      /expected stepsPerEpoch 3, as data and batchSize 25 tell, or none, got 4/,
    );
  });

  test.each([1, null, 'x', {}, undefined])('%j in place of batches', async (given) => {
    await expect(fit({ ...base(net()), data: () => given as never, stepsPerEpoch: 1 })).rejects.toThrow(
      /fit: expected batches of data\(0\), as something to iterate, got/,
    );
  });
});

describe('a schedule', () => {
  const optimizer = adam();
  test.each<[string, Partial<FitConfig>, number]>([
    ['cosine', { optimizer, schedule: cosine({ steps: 9 }) }, 9],
    ['warmupCosine', { optimizer, schedule: warmupCosine({ steps: 12 }) }, 12],
    ['the learning rate itself', { optimizer: adam({ learningRate: (step) => (step < 5 ? 1 : 0) }) }, 5],
  ])('%s that ends before the run is refused', async (_, change, from) => {
    const model = net();
    const before = bitsOf(model);
    await expect(fit({ ...base(model), ...change })).rejects.toThrow(
      `fit: expected a learning rate above 0 in all of the 18 steps, got 0 from step ${from + 1} on.`,
    );
    expect(bitsOf(model)).toEqual(before);
  });

  test('may end with the run, or be 0 throughout', async () => {
    for (const schedule of [cosine(), cosine({ steps: 18 }), (step: number) => 1 - step / 17, () => 0])
      expect((await fit({ ...base(net()), optimizer, schedule })).step).toBe(18);
  });
});

describe('what is no configuration, model or data set', () => {
  const call = fit as (...given: unknown[]) => unknown;
  const model = new Sequential([new Dense({ in: 2, out: 2 })]);
  test.each([
    [[], /fit: expected model: a model, with forward and namedParameters, got none/],
    [[42], /fit: expected options as an object, { model: … }, got 42/],
    [[null], /options as an object, .*, got null/],
    [[model], /options as an object, .*, got a Sequential/],
    [[model, null], /options as an object, .*, got a Sequential/],
    [[model, data], /options as an object, .*, got a Sequential/],
    [[{ model, data, epochs: '3' }], /epochs: a whole number ≥ 0, got "3"/],
    [[{ model: 42, data, epochs: 1 }], /model: a model, with forward and namedParameters, got 42/],
    [[{ model: Sequential, data, epochs: 1 }], /model: a model.*got the function/],
    [[{ model, data: 7, epochs: 1 }], /data: examples, or a function from the epoch to batches, got 7/],
    [[{ model, data: null, epochs: 1 }], /data: examples, .*, got null/],
    [
      [{ model, data, validation: 'x', epochs: 1 }],
      /validation: examples, batches or a share of data, got x/,
    ],
  ])('fit %#', (given, message) => {
    expect(() => call(...given)).toThrow(ArgumentError);
    expect(() => call(...given)).toThrow(message);
  });

  test.each([
    [{ data: [1, 2] }, /fit: expected data\.inputs, got the fields 0, 1/],
    [{ data: new Map() }, /data\.inputs, got the fields of an empty object/],
    [{ validation: [data, null] }, /fit: expected validation\[1\]: { inputs, labels }/],
    [
      {
        validation: {
          inputs: [
            [1, 2],
            [3, 4],
          ],
          labels: [0],
        },
      },
      /as many validation\.inputs as validation\.labels, got 2/,
    ],
    [
      { model: { forward: () => 1, namedParameters: () => ['w'] } },
      /a model whose namedParameters gives a Map/,
    ],
    [
      { model: { ...fake(), forward: () => [[1, 2]] } },
      /forward: expected a model whose forward gives a tensor, got \[\[1,2\]\]/,
    ],
    [{ model: { ...fake(), forward: () => undefined } }, /whose forward gives a tensor, got undefined/],
    [{ loss: () => 1 }, /a function that returns one floating-point element/],
  ])('fit, of which it shows later, %#', async (change, message) => {
    const run = fit({
      model: new Sequential([new Dense({ in: 2, out: 2 })]),
      data,
      epochs: 1,
      ...(change as object),
    });
    await expect(run).rejects.toThrow(ArgumentError);
    await expect(run).rejects.toThrow(message);
  });

  test.each([
    [evaluate, [42, data], /evaluate: expected a model, with forward and namedParameters, got 42/],
    [evaluate, [model, 42], /evaluate: expected data: { inputs, labels } or { inputs, targets }, got 42/],
    [evaluate, [model, null], /data: .*got null/],
    [evaluate, [model, 'abc'], /data: .*got abc/],
    [evaluate, [model, [data, 7]], /expected data\[1\]: .*got 7/],
    [evaluate, [model, data, 3], /evaluate: expected options as an object/],
    [evaluate, [model, data, { metrics: { accuracy: 1 } }], /metrics by names/],
    [predict, [null, [[1, 2]]], /predict: expected a model/],
    [predict, [model, 42], /predict: expected inputs: a typed array, or nested lists of numbers, got 42/],
    [predict, [model, undefined], /inputs: .*got undefined/],
    [predict, [model, [[1, undefined]]], /a number at inputs\[0\]\[1\], got undefined/],
    [predict, [model, []], /inputs of 0 examples/],
  ])('%o %#', async (call, given, message) => {
    const run = (call as (...given: unknown[]) => Promise<unknown>)(...given);
    await expect(run).rejects.toThrow(ArgumentError);
    await expect(run).rejects.toThrow(message);
  });

  test('predictions and scores of what fits stay', async () => {
    expect((await predict(model, [Float32Array.of(1, 2)])).shape).toEqual([1, 2]);
    expect((await evaluate(model, data, { metrics: { accuracy } })).accuracy).toBeGreaterThanOrEqual(0);
  });
});

function fake() {
  const model = new Sequential([new Dense({ in: 2, out: 2 })]);
  return { namedParameters: () => model.namedParameters() };
}
