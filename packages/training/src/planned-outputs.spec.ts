import { multiply } from '@funhash/autodiff';
import {
  Dense,
  Embedding,
  hashedNet,
  Module,
  type ModuleClass,
  repeats,
  Sequential,
  type WasmBackend,
} from '@funhash/layers';
import { layerSamples } from '@funhash/layers/testing';
import { currentBackend, memory, scope, type Tensor, useBackend } from '@funhash/tensor';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { evaluate, predict } from './evaluate.ts';
import { fit } from './fit.ts';

const atStart = currentBackend();
afterAll(async () => void (await useBackend(atStart)));

const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, k) => Math.sin(k * k + 1));
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

describe.each([
  ['reference', {}],
  ['wasm', {}],
  ['wasm', { threads: 2 }],
  ['gpu', { mode: 'cpu' }],
] as const)('on %s %o', (name, options) => {
  beforeEach(async () => void (await useBackend(name, options as never)));

  test.each(Object.entries(layerSamples))('outputs of %s by plans are those without', async (_, sample) => {
    if (name === 'gpu' && !['Dense', 'Sequential'].includes(_)) return;
    const { input, below } = sample;
    const [count, ...inputShape] = input as [number, ...number[]];
    const twice = 2 * count;
    const length = size([twice, ...inputShape]);
    const inputs =
      below === undefined ? wave(length) : Int32Array.from({ length }, (_, k) => (k * 7 + 1) % below);
    for (const layer of sample.layers() as readonly Module[]) {
      const ask = (plans: boolean) =>
        predict(layer, inputs, { count: twice, inputShape, batchSize: count, plans });
      const expected = await ask(false);
      for (let k = 0; k < 2; k++) expect(await ask(true)).toEqual(expected);
      layer.dispose();
    }
  });
});

describe('plans of predictions', () => {
  beforeEach(async () => void (await useBackend('wasm')));

  const make = () =>
    new Sequential(
      [
        new Dense({ in: 20, out: 30, activation: 'relu', weight: hashedNet({ ratio: 1 / 4 }) }),
        new Dense({ in: 30, out: 3, weight: hashedNet({ ratio: 1 / 4, policy: 'step' }) }),
      ],
      { seed: 4 },
    );
  const row = (k: number): Float32Array => wave(20).map((x) => x + k);

  test('last from call to call, and see every update', async () => {
    const net = make();
    const forward = vi.spyOn(net, 'compute');
    const ask = (k: number, options = {}) => predict(net, row(k), { count: 1, ...options });
    for (let k = 0; k < 5; k++) await ask(k);
    expect(forward).toHaveBeenCalledTimes(1);
    for (const parameter of net.parameters()) {
      scope(() => parameter.assign(multiply(parameter.value, 1.5)));
      for (let k = 0; k < 3; k++) expect(await ask(k)).toEqual(await ask(k, { plans: false }));
    }
    const data = {
      inputs: wave(200),
      inputShape: [20],
      labels: Int32Array.from({ length: 10 }, (_, k) => k % 3),
    };
    for (let k = 0; k < 2; k++) {
      await fit({ model: net, data, epochs: 2, batchSize: 5, seed: k });
      for (let n = 0; n < 3; n++) expect(await ask(n)).toEqual(await ask(n, { plans: false }));
    }
    net.dispose();
  });

  test('are as many as their bound, and go with the net', async () => {
    const before = memory();
    const { usedBytes } = (currentBackend() as WasmBackend).memoryUsage();
    const net = make();
    const round = async () => {
      for (let count = 1; count <= 7; count++)
        for (let k = 0; k < 3; k++) await predict(net, wave(20 * count), { count });
    };
    await round();
    const during = memory();
    const used = (currentBackend() as WasmBackend).memoryUsage().usedBytes;
    for (let k = 0; k < 3; k++) await round();
    expect(memory()).toEqual(during);
    expect((currentBackend() as WasmBackend).memoryUsage().usedBytes).toBe(used);
    net.dispose();
    expect(memory()).toEqual(before);
    expect((currentBackend() as WasmBackend).memoryUsage().usedBytes).toBe(usedBytes);
    await expect(predict(net, row(1), { count: 1 })).rejects.toThrow('disposed');
  });

  test('do not outlive their call where they are large', async () => {
    const net = new Sequential([new Dense({ in: 4, out: 4096 }), new Dense({ in: 4096, out: 1 })], {
      seed: 1,
    });
    await predict(net, wave(4 * 4), { count: 4 });
    const before = memory();
    await predict(net, wave(4 * 1000), { count: 1000, batchSize: 400 });
    expect(memory()).toEqual(before);
    net.dispose();
  });

  test('move with the net to another backend', async () => {
    const net = make();
    const ask = (options = {}) => predict(net, row(1), { count: 1, ...options });
    const [, onWasm] = [await ask(), await ask()];
    await useBackend('reference');
    const expected = await ask({ plans: false });
    for (let k = 0; k < 3; k++) expect(await ask()).toEqual(expected);
    await useBackend('wasm');
    for (let k = 0; k < 3; k++) expect((await ask()).data).toEqual(onWasm?.data);
    net.dispose();
  });

  test('calls that overlap do not take each other’s memory', async () => {
    const net = make();
    const all = Array.from({ length: 12 }, (_, k) => k);
    const expected = await Promise.all(all.map((k) => predict(net, row(k), { count: 1, plans: false })));
    expect(await Promise.all(all.map((k) => predict(net, row(k), { count: 1 })))).toEqual(expected);
    net.dispose();
  });

  test('errors are those of the layer, also behind a plan', async () => {
    const net = new Sequential([new Embedding({ in: 5, out: 2 }), new Dense({ in: 2, out: 2 })], {
      seed: 1,
    });
    const ask = (id: number) => predict(net, Int32Array.of(0, id), { count: 1, inputShape: [2] });
    for (let k = 0; k < 3; k++) await ask(k);
    await expect(ask(5)).rejects.toThrow(/[Ee]mbedding|0 to 4/);
    expect((await ask(2)).shape).toEqual([1, 2, 2]);
    net.dispose();
  });

  test('layers of a user’s own run as they are unless they are said to repeat', async () => {
    let runs = 0;
    class Own extends Module {
      static override readonly type = 'own';
      compute(x: Tensor): Tensor {
        runs++;
        return multiply(x, 2);
      }
    }
    expect(repeats(new (Own as unknown as ModuleClass)({} as never))).toBe(false);
    const net = new Own();
    for (let k = 0; k < 3; k++) await predict(net, row(k), { count: 1 });
    expect(runs).toBe(3);
    for (let k = 0; k < 3; k++) await predict(net, row(k), { count: 1, plans: true });
    expect(runs).toBe(4);
    class Reading extends Own {
      override compute(x: Tensor): Tensor {
        return multiply(x, x.dataSync()[0] as number);
      }
    }
    const reading = new Reading();
    for (const k of [2, 3, 4])
      expect((await predict(reading, Float32Array.of(k), { count: 1, plans: true })).data).toEqual(
        Float32Array.of(k * k),
      );
  });

  test('judgements by plans are those without', async () => {
    const net = make();
    const data = {
      inputs: wave(20 * 23),
      inputShape: [20],
      labels: Int32Array.from({ length: 23 }, (_, k) => k % 3),
    };
    const forward = vi.spyOn(net, 'compute');
    const judge = (options = {}) => evaluate(net, data, { batchSize: 4, ...options });
    const expected = await judge({ plans: false });
    forward.mockClear();
    expect(await judge()).toEqual(expected);
    // A full batch and the last one.
    expect(forward).toHaveBeenCalledTimes(2);
    const bad = { ...data, labels: data.labels.map((label, k) => (k === 21 ? 3 : label)) };
    await expect(evaluate(net, bad)).rejects.toThrow(/label/);
    net.dispose();
  });
});

describe('weights that are decoded once', () => {
  beforeEach(async () => void (await useBackend('wasm')));
  const make = () =>
    new Sequential([new Dense({ in: 100, out: 50, weight: hashedNet({ ratio: 1 / 10 }) })], { seed: 2 });

  test('are kept within a bound, give what others give, and are given back when they change', async () => {
    const [net, lean] = [make(), make()];
    const ask = (model: Module, decodedBytes?: number) =>
      predict(model, wave(100), { count: 1, ...(decodedBytes !== undefined && { decodedBytes }) });
    const expected = (await ask(lean, 0)).data;
    for (let k = 0; k < 2; k++) await ask(lean, 4 * 5000 - 1);
    for (let k = 0; k < 2; k++)
      (await ask(net)).data.forEach((y, k) => void expect(y).toBeCloseTo(expected[k] as number, 5));
    const parameter = net.parameters()[0];
    const before = memory().bytes;
    if (parameter) scope(() => parameter.assign(multiply(parameter.value, 2)));
    await fit({
      ...{ model: net, data: { inputs: wave(400), inputShape: [100], labels: Int32Array.of(0, 1, 2, 3) } },
      ...{ epochs: 1, plans: false },
    });
    expect(memory().bytes).toBeLessThanOrEqual(before - 4 * 5000);
    for (const model of [net, lean]) model.dispose();
  });
});
