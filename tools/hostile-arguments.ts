import { Worker } from 'node:worker_threads';
import * as autodiff from '@funhash/autodiff';
import { UnpackError } from '@funhash/codec/unpack';
import * as updates from '@funhash/codec/update';
import * as datasets from '@funhash/datasets';
import * as tables from '@funhash/datasets/tables';
import * as exporting from '@funhash/export';
import * as hashing from '@funhash/hashing';
import { ArgumentError, FunhashError } from '@funhash/hashing';
import * as images from '@funhash/images';
import * as importing from '@funhash/import';
import * as layers from '@funhash/layers';
import * as predicting from '@funhash/layers/predict';
import { layerSamples } from '@funhash/layers/testing';
import * as models from '@funhash/models';
import * as testing from '@funhash/rnn-testing';
import * as space from '@funhash/space';
import * as tensors from '@funhash/tensor';
import * as training from '@funhash/training';
import fc from 'fast-check';

const { tensor, zeros } = tensors;

/** A callable part of the public interface. */
export interface Target {
  readonly name: string;
  call(args: readonly unknown[]): unknown;
}

function disposed(): tensors.Tensor {
  const x = zeros([2, 3]);
  x.dispose();
  return x;
}

const matrix = (): tensors.Tensor => tensor([1, 2, 3, 4, 5, 6], [2, 3]);
const layer = (): layers.Module => new layers.Dense({ in: 3, out: 2 });

/** Values that somebody who writes JavaScript may give where something else is asked for, each made anew. */
export const hostileValues: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  '0': () => 0,
  '1': () => 1,
  '-1': () => -1,
  '2.5': () => 2.5,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  '2^31': () => 2 ** 31,
  '2^53': () => 2 ** 53,
  "''": () => '',
  "'x'": () => 'x',
  "'3'": () => '3',
  "'SAME'": () => 'SAME',
  '7n': () => 7n,
  symbol: () => Symbol('s'),
  '[]': () => [],
  '[2, 3]': () => [2, 3],
  '[[1, 2], [3]]': () => [[1, 2], [3]],
  "['a']": () => ['a'],
  '[null]': () => [null],
  '[holes]': () => new Array(3),
  '[2^31, 2^31]': () => [2 ** 31, 2 ** 31],
  '{}': () => ({}),
  '{ a: 1 }': () => ({ a: 1 }),
  'no prototype': () => Object.create(null),
  'usual options': () => ({ size: 4, shape: [2, 2], dtype: 'f32', axis: 0, seed: 1, kernel: 2, scale: 'x' }),
  'a function': () => () => 3,
  'a Map': () => new Map(),
  'a Date': () => new Date(0),
  'a promise': () => Promise.resolve(1),
  Float32Array: () => new Float32Array(6),
  Float64Array: () => new Float64Array(2),
  BigInt64Array: () => new BigInt64Array(2),
  Uint8Array: () => new Uint8Array(4),
  DataView: () => new DataView(new ArrayBuffer(4)),
  ArrayBuffer: () => new ArrayBuffer(8),
  'tensor []': () => tensor(1),
  'tensor [2, 3]': matrix,
  'tensor [0, 3]': () => zeros([0, 3]),
  'tensor [1, 4, 4, 2]': () => zeros([1, 4, 4, 2]),
  'tensor i32 [2]': () => tensor(Int32Array.of(0, 9)),
  'tensor u8 [2]': () => tensor(Uint8Array.of(0, 9)),
  'tensor f64 [3]': () => tensor(Float64Array.of(0, 9, 2)),
  'a disposed tensor': disposed,
  '[tensor, tensor]': () => [matrix(), matrix()],
  '[tensor, 1]': () => [matrix(), 1],
  'a layer': layer,
  '[layer]': () => [layer()],
  'a request': () => layers.hashedNet({ ratio: 1 / 2 }),
  'a weight': () => space.createWeight(layers.hashedNet({ ratio: 1 / 2 }), { rows: 2, cols: 3 }),
};

const names = Object.keys(hostileValues);

// What gets past the first checks, more often than by chance.
const likely = [
  'tensor [2, 3]',
  'tensor [1, 4, 4, 2]',
  'tensor i32 [2]',
  '[2, 3]',
  '1',
  '{}',
  'a layer',
  'a request',
];

/** Lists of hostile arguments by their names. */
export const someArguments: fc.Arbitrary<readonly string[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...likely) },
    { weight: 3, arbitrary: fc.constantFrom(...names) },
  ),
  { maxLength: 4 },
);

const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value));

/** What takes what was checked already, which is none of a user's business. */
const inner =
  /^(run[A-Z]|matmulCall|virtualMatmulCall|withFallback|setStrict|updateInPlace|offerBackend|useBackend|broadcast(Shapes|Strides|View)|contiguousStrides|isContiguous|sameShape|shapeText|sizeOf|isFloat|dtypeOf|openScope|tensorsIn|require[A-Z]|checkShape|normalizeAxis|empty|signWords|applyPointwise|applyPrograms|moveBuffer|optionsFor)/;

/** What is asked for every entry of a matrix or every message, and takes numbers, words and texts of this project alone. */
const inMostInner =
  /^(below|signOf|(multiplyShift|murmur3|xxHash32)(Formula|Words|Mix)|check(Argument|Options)|refuse[A-Z]\w*|escapeHtml|nearestName|printable|quoted)$/;

/** Classes that only other classes construct. */
const bases = ['Module', 'Weighted', 'Recurrent', 'Formula', 'LayerReader'];

/** Every function and constructor of a module. */
export function targetsOf(module: object, seen: Set<unknown>): Target[] {
  return Object.entries(module).flatMap(([name, value]: [string, unknown]): Target[] => {
    if (
      typeof value !== 'function' ||
      seen.has(value) ||
      inner.test(name) ||
      inMostInner.test(name) ||
      bases.includes(name)
    )
      return [];
    seen.add(value);
    if (!isClass(value)) return [{ name, call: (args) => value(...args) }];
    if (value.prototype instanceof Error) return [];
    const construct = value as unknown as new (...args: readonly unknown[]) => unknown;
    return [{ name: `new ${name}`, call: (args) => new construct(...args) }];
  });
}

/** Every method of an object, from its class up. `make` makes one for each call. */
export function methodsOf(title: string, make: () => object, without: readonly string[] = []): Target[] {
  const found = new Set<string>();
  for (let at = Object.getPrototypeOf(make()); at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === 'function' && name !== 'constructor' && !without.includes(name)) found.add(name);
  return [...found].map((name) => ({
    name: `${title}.${name}`,
    call: (args) => (make() as Record<string, (...args: readonly unknown[]) => unknown>)[name]?.(...args),
  }));
}

/** Runs a target with arguments by their names. @throws what is no typed error of this project, as a text about it */
async function callHostile(target: Target, picked: readonly string[]): Promise<void> {
  try {
    await target.call(picked.map((name) => hostileValues[name]?.()));
  } catch (error) {
    // The reader of packs stands alone, so that a page may have it in 3 kB.
    if (error instanceof FunhashError || error instanceof UnpackError) return;
    throw new ArgumentError(
      {
        operation: `${target.name}(${picked.join(', ')})`,
        expected: 'a value, or an error of this project',
        actual: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      },
      { cause: error },
    );
  }
}

const watching = `
const { writeSync } = require('node:fs');
const { parentPort, workerData: patience } = require('node:worker_threads');
let timer;
parentPort.on('message', (call) => {
  clearTimeout(timer);
  if (call === '') return;
  timer = setTimeout(() => {
    writeSync(2, \`\${call} has not come back in \${patience / 1000} s\\n\`);
    process.kill(process.pid, 'SIGKILL');
  }, patience);
});`;

/**
 * Watches calls from a thread of its own, for a call without an end stops all timers of this one: after `patienceMs` it is
 * named on standard error, and the process ends.
 */
export function watchCalls(patienceMs: number) {
  const thread = new Worker(watching, { eval: true, workerData: patienceMs });
  thread.unref();
  return async (target: Target, picked: readonly string[]): Promise<void> => {
    thread.postMessage(`${target.name}(${picked.join(', ')})`);
    try {
      await callHostile(target, picked);
    } finally {
      thread.postMessage('');
    }
  };
}

/** Methods that only layers call. */
// `save` of a text would write a file of that name.
const notForUsers = (
  'save compute restore own values withMembers memberSpec requireInput activated rebuilt run weightFor biasValues quantized ' +
  'dropped step zeroState gatesOf part handedTo'
).split(' ');

/** All that is fuzzed, by package. */
export function allTargets(): Readonly<Record<string, readonly Target[]>> {
  const seen = new Set<unknown>();
  return {
    tensor: [...targetsOf(tensors, seen), ...methodsOf('Tensor', matrix, ['view'])],
    autodiff: targetsOf(autodiff, seen),
    space: [
      ...targetsOf(space, seen),
      ...targetsOf(space.schemes, seen),
      ...methodsOf('Weight', () => hostileValues['a weight']?.() as object),
      ...methodsOf('Parameter', () => new space.Parameter('p', matrix())),
    ],
    layers: [
      ...targetsOf(layers, seen),
      ...Object.entries(layerSamples).flatMap(([name, sample]) =>
        methodsOf(name, () => sample.layers()[0] as layers.Module, notForUsers),
      ),
    ],
    models: targetsOf(models, seen),
    training: [...targetsOf(training, seen), ...targetsOf(training.optimizers, seen)],
    hashing: targetsOf(hashing, seen),
    datasets: [...targetsOf(datasets, seen), ...targetsOf(tables, seen)],
    codec: targetsOf(updates, seen),
    predict: targetsOf(predicting, seen),
    export: targetsOf(exporting, seen),
    import: targetsOf(importing, seen),
    images: targetsOf(images, seen),
    'rnn-testing': targetsOf(testing, seen),
  };
}
