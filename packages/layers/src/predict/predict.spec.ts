import { pack } from '@funhash/codec/pack';
import { unpack } from '@funhash/codec/unpack';
import { FunhashError } from '@funhash/hashing';
import { funHash, hashedNet, tensorTrain } from '@funhash/space';
import { currentBackend, PlanError, scope, type TypedArray, tensor, useBackend } from '@funhash/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Activation } from '../activation.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Embedding } from '../embedding.ts';
import { Flatten } from '../flatten.ts';
import type { Module } from '../module.ts';
import { UnpackError } from '../predict.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { MaxPool2d } from '../spatial/max-pool2d.ts';
import { layerSamples } from '../testing/layer-samples.ts';
import { readCompiledPredictor } from './compiled.ts';
import { readPlainPredictor } from './plain.ts';
import { predictorFile } from './predictor-file-of.ts';
import { readPredictor } from './read-predictor.ts';

const atStart = currentBackend();
beforeAll(async () => void (await useBackend('reference')));
afterAll(async () => void (await useBackend(atStart)));

const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, k) => Math.sin(k * k + 1));
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function outputsOf(model: Module, inputs: TypedArray, shape: readonly number[]): TypedArray {
  return scope(() => model.forward(tensor(inputs, shape)).dataSync());
}

/** The largest difference, as a share of the largest number. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pairs = Array.from(a, (x, k) => [x, b[k] as number] as const);
  const largest = Math.max(1, ...pairs.map(([x]) => Math.abs(x)));
  return a.length === b.length ? Math.max(...pairs.map(([x, y]) => Math.abs(x - y))) / largest : Infinity;
}

const small = () =>
  new Sequential(
    [
      new Dense({ in: 6, out: 9, activation: 'relu', weight: hashedNet({ ratio: 1 / 4 }) }),
      new Dense({ in: 9, out: 3, weight: funHash({ ratio: 1 / 2 }) }),
    ],
    { seed: 3 },
  );

describe('predictors', () => {
  test.each(Object.entries(layerSamples))('of %s give what the layer gives', async (name, sample) => {
    const { input, below } = sample;
    const length = size(input);
    const inputs =
      below === undefined ? wave(length) : Int32Array.from({ length }, (_, k) => (k * 7 + 1) % below);
    const dtype = below === undefined ? 'f32' : 'i32';
    for (const layer of sample.layers() as readonly Module[]) {
      const expected = outputsOf(layer, inputs, input);
      const plan = await predictorFile(layer, { input, dtype, by: 'plan', decodedBytes: 0 });
      for (let k = 0; k < 2; k++) expect(readPlainPredictor(plan).predict(inputs).data).toEqual(expected);
      try {
        const code = await predictorFile(layer, { input, dtype, by: 'code' });
        const predictor = await readCompiledPredictor(code);
        for (let k = 0; k < 2; k++)
          expect(distance(predictor.predict(inputs).data, expected)).toBeLessThan(1e-5);
      } catch (error) {
        // Steps of its mask are whole numbers, which script compares.
        if (!(error instanceof PlanError && name === 'Masked')) throw error;
      }
    }
  });

  test('decode weights once, from stored values that are coded or halves', async () => {
    const net = small();
    const inputs = wave(60);
    const expected = outputsOf(net, inputs, [10, 6]);
    for (const storeAs of ['f32', 'f16', 'coded'] as const) {
      const bytes = await predictorFile(net, { input: [4, 6], storeAs, quality: 60 });
      for (const predictor of [await readCompiledPredictor(bytes), readPlainPredictor(bytes)]) {
        expect(predictor.inputShape).toEqual([6]);
        const { shape, data } = predictor.predict(inputs);
        expect(shape).toEqual([10, 3]);
        expect(distance(data, expected)).toBeLessThan(storeAs === 'f32' ? 1e-6 : 3e-2);
      }
    }
  });

  test('contractions, windows and tables of words', async () => {
    const nets: readonly [Module, readonly number[], 'f32' | 'i32'][] = [
      [
        new Sequential(
          [
            new Conv2d({
              in: 1,
              out: 4,
              kernelSize: 3,
              padding: 1,
              activation: 'relu',
              weight: hashedNet({ ratio: 1 / 2 }),
            }),
            new MaxPool2d({ kernelSize: 2 }),
            new Flatten(),
            new Dense({ in: 64, out: 5, weight: tensorTrain({ ranks: 2 }) }),
            new Activation('tanh'),
          ],
          { seed: 1 },
        ),
        [3, 8, 8, 1],
        'f32',
      ],
      [
        new Sequential([new Embedding({ in: 7, out: 4 }), new Dense({ in: 4, out: 2 })], { seed: 1 }),
        [2, 3],
        'i32',
      ],
    ];
    for (const [net, input, dtype] of nets) {
      const inputs = dtype === 'f32' ? wave(size(input)) : Int32Array.of(0, 6, 3, 2, 2, 1);
      const bytes = await predictorFile(net, { input, dtype });
      for (const predictor of [await readPredictor(bytes), readPlainPredictor(bytes)]) {
        expect(distance(predictor.predict(inputs).data, outputsOf(net, inputs, input))).toBeLessThan(1e-5);
        if (dtype === 'i32') expect(() => predictor.predict([0, 7, 0])).toThrow(FunhashError);
      }
    }
  });

  test('fall back to plain script where there is no code, or the engine refuses it', async () => {
    const net = small();
    const expected = outputsOf(net, wave(6), [1, 6]);
    const plan = await predictorFile(net, { input: [1, 6], by: 'plan' });
    expect(distance((await readPredictor(plan)).predict(wave(6)).data, expected)).toBeLessThan(1e-6);
    await expect(readCompiledPredictor(plan)).rejects.toThrow('a file with code');
    const both = await predictorFile(net, { input: [1, 6] });
    const compile = WebAssembly.compile;
    WebAssembly.compile = () =>
      Promise.reject(new WebAssembly.CompileError('refused by the policy of the page'));
    try {
      expect(distance((await readPredictor(both)).predict(wave(6)).data, expected)).toBeLessThan(1e-6);
      await expect(readCompiledPredictor(both)).rejects.toThrow('refused by the policy');
    } finally {
      WebAssembly.compile = compile;
    }
    const code = await predictorFile(net, { input: [1, 6], by: 'code' });
    expect(() => readPlainPredictor(code)).toThrow(PlanError);
  });

  test('leave weights and policies of the net as they were', async () => {
    const net = small();
    const before = outputsOf(net, wave(6), [1, 6]);
    await predictorFile(net, { input: [1, 6] });
    expect(outputsOf(net, wave(6), [1, 6])).toEqual(before);
    await expect(predictorFile(net, { input: [1, 5] })).rejects.toThrow(FunhashError);
    await expect(predictorFile(net, { input: [1, 6], as: 'f16' } as never)).rejects.toThrow('storeAs');
    await expect(predictorFile(net, {} as never)).rejects.toThrow('input');
    const predictor = await readPredictor(await predictorFile(net, { input: [1, 6] }));
    expect(() => predictor.predict(wave(7))).toThrow('a multiple of 6 numbers');
    expect(() => predictor.predict([])).toThrow(PlanError);
  });
});

describe('hostile files of predictors', () => {
  const textOf = (data: unknown) => new TextDecoder().decode(data as Uint8Array);

  test('whatever is changed in the description, it is refused by an error of this project, or runs', async () => {
    const bytes = await predictorFile(small(), { input: [2, 6] });
    const tensors = unpack(bytes);
    const text = textOf(tensors.get('predictor.json')?.data);
    const token = /-?\d+(\.\d+)?|"[\w.-]+"(?!:)|null/g;
    const count = text.match(token)?.length ?? 1;
    const value = fc.oneof(
      fc.integer({ min: -2, max: 8 }),
      fc.integer(),
      fc.constantFrom('copy', 'f64', 'i32', 'state', null, [], {}, 1e300, 2 ** 31),
    );
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), value, async (place, changed) => {
        let at = 0;
        const head = text.replace(token, (old) => (at++ === place % count ? JSON.stringify(changed) : old));
        const spoilt = new Map(
          [...tensors].map(([name, { data }]) => {
            const own = name === 'predictor.json' ? new TextEncoder().encode(head) : (data as Uint8Array);
            return [name, { dtype: 'U8', shape: [own.length], data: own }] as const;
          }),
        );
        const file = pack(spoilt as never);
        for (const read of [readPlainPredictor, readCompiledPredictor])
          try {
            (await read(file)).predict(wave(12));
            runs++;
          } catch (error) {
            if (!(error instanceof FunhashError || error instanceof WebAssembly.LinkError))
              expect(error).toBeInstanceOf(FunhashError);
          }
      }),
      { seed: 2, numRuns: 150 },
    );
    expect(runs).toBeGreaterThan(20);
  });

  test('damaged and foreign bytes are refused', async () => {
    const bytes = await predictorFile(small(), { input: [1, 6] });
    for (const spoilt of [
      bytes.slice(0, 40),
      bytes.map((byte, k) => (k === 99 ? byte ^ 1 : byte)),
      new Uint8Array(9),
    ])
      await expect(readPredictor(spoilt)).rejects.toThrow(UnpackError);
    await expect(readPredictor(pack(new Map()))).rejects.toThrow(PlanError);
  });
});
