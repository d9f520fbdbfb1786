import {
  compressBytes,
  type DecodedModel,
  encodeModel,
  type JsonValue,
  ModelFileError,
  type ModelTensor,
  type StorageFormat,
  storageFormats,
} from '@funhash/codec';
import { editedJson, jsonAt, jsonPaths } from '@funhash/codec/testing';
import { random } from '@funhash/hashing';
import { dct2d, hashedNet, inBasis, mpo, randomEdgeRemoval, robe, SharedSpace, tiles } from '@funhash/space';
import { schemeSamples } from '@funhash/space/testing';
import { memory } from '@funhash/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Activation } from '../activation.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import { Flatten } from '../flatten.ts';
import type { Module } from '../module.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { layerSamples } from '../testing/layer-samples.ts';
import { load, modelIn } from './load.ts';
import { modelFile } from './read-model.ts';

/** What a file says, before it is encoded with a valid checksum. */
interface Content {
  readonly spec: JsonValue;
  readonly tensors: ReadonlyMap<string, ModelTensor>;
}

const contentOf = (model: Module): Content => ({
  spec: JSON.parse(
    JSON.stringify({
      model: model.spec,
      spaces: [...model.sharedSpaces()].map(({ name }) => name),
      ties: model instanceof Sequential && model.layers[0] === model.layers[1] ? { 1: '0' } : {},
    }),
  ),
  tensors: new Map(
    [...model.namedParameters(), ...model.namedBuffers()].map(([name, { value }]) => [
      name,
      { shape: value.shape, data: value.dataSync() as Float32Array },
    ]),
  ),
});

const space = new SharedSpace({ values: 12 });
const tied = new Dense({ in: 2, out: 2, bias: false });
// Small ones, so that many mutations are cheap and each has much to hit.
const contents: readonly Content[] = [
  new Sequential([new Dense({ in: 3, out: 2, activation: 'relu', weight: hashedNet({ values: 4 }) })]),
  new Sequential([new Flatten(), new Dropout({ rate: 0.5 }), new Sequential([new Activation('tanh')])]),
  new Dense({ in: 2, out: 3, weight: tiles({ space, side: 2 }), bias: hashedNet({ space }) }),
  ...fc
    .sample(
      fc.tuple(...Object.values(schemeSamples()).flatMap((samples) => samples.map(({ drawn }) => drawn))),
      {
        seed: 3,
        numRuns: 1,
      },
    )
    .flat()
    .map((make) => new Dense({ in: 4, out: 2, bias: false, weight: make({ rows: 2, cols: 4 }) })),
  new Sequential([tied, tied]),
  new Dense({ in: 4, out: 3, weight: mpo({ inModes: [2, 2], outModes: [3, 1], bonds: [2], boundary: 2 }) }),
  new Conv2d({
    in: 2,
    out: 2,
    kernelSize: [1, 2],
    stride: 2,
    padding: [[0, 1], 1],
    weight: hashedNet({ values: 3 }),
  }),
  ...Object.values(layerSamples).flatMap(({ layers }) => layers()),
  new Dense({
    in: 4,
    out: 2,
    weight: inBasis(dct2d({ height: 2, width: 2, keep: 1 }), hashedNet({ values: 2 })),
  }),
  new Dense({
    in: 4,
    out: 4,
    weight: randomEdgeRemoval({ values: 4 }),
    bias: robe({ buckets: 4, block: 2 }),
  }),
].map(contentOf);

const pathsOf = new Map(contents.map((content) => [content, jsonPaths(content.spec)]));

type Draw = (below: number) => number;

const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)] as T;

const names = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  '0',
  '0.weight.w',
  '1.bias',
  'space',
  'type',
  'w',
];

const hostileValues: readonly JsonValue[] = [
  ...[0, -0, -1, 1, 2, 3, 4, 0.5, 1e-320, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, -(2 ** 53), 1e308],
  ...[null, true, false, [], {}, [[]], [{}], ['space'], ['space', 'space'], { 0: '1' }, { 1: '0', 0: '0' }],
  ...[
    ...names,
    'tile',
    'frozen',
    'dense',
    'sequential',
    'hashedNet',
    'funHash',
    'xxHash32',
    'x'.repeat(5000),
  ],
  JSON.parse('{"__proto__":{"type":"flatten"}}'),
  { type: 'flatten' },
  { type: 'sequential', layers: [] },
  { type: 'dense', in: 1, out: 1, weight: {}, bias: false },
];

const deep = (levels: number, isLayers: boolean): JsonValue => {
  let value: JsonValue = isLayers ? { type: 'flatten' } : [];
  for (let k = 0; k < levels; k++) value = isLayers ? { type: 'sequential', layers: [value] } : [value];
  return value;
};

function mutatedSpec(spec: JsonValue, paths: readonly (readonly string[])[], draw: Draw): JsonValue {
  const path = pick(draw, paths);
  const value = (): JsonValue => {
    if (draw(100) === 0) return deep(1 + draw(22), draw(2) === 0);
    if (draw(4) === 0) return jsonAt(spec, pick(draw, paths));
    return pick(draw, hostileValues);
  };
  return editedJson(spec, path, (key, old) => {
    switch (draw(6)) {
      case 0:
        return [];
      case 1:
        return [[pick(draw, names), old]];
      case 2:
        return [
          [key, old],
          [pick(draw, names), value()],
        ];
      case 3:
        return [[key, typeof old === 'number' ? old + draw(5) - 2 : [old]]];
      default:
        return [[key, value()]];
    }
  });
}

function mutatedTensors(tensors: Content['tensors'], draw: Draw): Content['tensors'] {
  const changed = new Map(tensors);
  const name = pick(draw, [...tensors.keys()]);
  const { shape, data } = tensors.get(name) as ModelTensor;
  switch (draw(6)) {
    case 0:
      changed.delete(name);
      break;
    case 1:
      changed.set(pick(draw, names), { shape, data });
      break;
    case 2:
      changed.set(name, { shape: [...shape, 1], data });
      break;
    case 3:
      changed.set(name, { shape: [data.length], data });
      break;
    case 4:
      changed.set(name, { shape: [0, 2 ** 40], data: new Float32Array(0) });
      break;
    default:
      changed.set(name, { shape, data: pick(draw, [Int32Array, Float64Array, Uint8Array]).from(data) });
  }
  return changed;
}

function mutated(draw: Draw): Content {
  const content = pick(draw, contents);
  let spec = mutatedSpec(content.spec, pathsOf.get(content) ?? [], draw);
  if (draw(4) === 0) spec = mutatedSpec(spec, jsonPaths(spec), draw);
  const { tensors } = content;
  return { spec, tensors: tensors.size > 0 && draw(4) === 0 ? mutatedTensors(tensors, draw) : tensors };
}

/** What the parser of files gives for the same content: objects have no prototype. */
function parsed({ spec, tensors }: Content): DecodedModel {
  const bare = (value: JsonValue): JsonValue => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(bare);
    const fields: Record<string, JsonValue> = Object.create(null);
    for (const [key, member] of Object.entries(value)) fields[key] = bare(member);
    return fields;
  };
  return {
    spec: bare(spec),
    tensors: new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, dtype: 'F32' }])),
  };
}

/** The model, or undefined for a refusal; an error without a type is let through. */
async function attempt(read: () => Module | Promise<Module>): Promise<Module | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ModelFileError && error.message.length < 1000) return undefined;
    throw error;
  }
}

const bytesIn = ({ tensors }: Content): number =>
  [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

/** Mutates, reads and judges; returns how many were accepted. */
async function fuzz(
  runs: number,
  seed: number,
  read: (content: Content) => Module | Promise<Module>,
): Promise<number> {
  const source = random(seed);
  const draw: Draw = (below) => source.integer(below);
  let accepted = 0;
  for (let run = 0; run < runs; run++) {
    const content = mutated(draw);
    const before = memory().bytes;
    const model = await attempt(() => read(content));
    // Numbers of one byte become f32.
    if (memory().bytes - before > 4 * bytesIn(content))
      expect.fail(`too much memory: ${JSON.stringify(content)}`);
    if (!model) continue;
    accepted++;
    if (accepted % 20 !== 0) continue;
    // A model is sound when it lists its parameters, counts them and survives a file of its own.
    expect(model.summary().total.storedCount).toBe(
      model.parameters().reduce((sum, { value }) => sum + value.size, 0),
    );
    expect((await load(await model.toBytes())).spec).toEqual(model.spec);
  }
  return accepted;
}

// Most of the time would go into stack traces.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

test('the files that mutation starts from are good', async () => {
  for (const content of contents) expect(await attempt(() => load(encodeModel(content)))).toBeDefined();
});

test('100 000 mutated descriptions: a typed refusal, or a sound model', async () => {
  const accepted = await fuzz(100_000, 20160706, (content) => modelIn(modelFile(parsed(content), 'a test')));
  expect(accepted).toBeGreaterThan(5000);
  expect(accepted).toBeLessThan(50_000);
});

test('10 000 of them in files, under a valid checksum', async () => {
  const formats = [undefined, ...(Object.keys(storageFormats) as StorageFormat[])];
  let run = 0;
  const accepted = await fuzz(10_000, 20160707, async (content) => {
    const storeAs = formats[run++ % formats.length];
    const bytes = encodeModel({ ...content, ...(storeAs !== undefined && { storeAs }) });
    return load(run % 4 === 0 ? await compressBytes(bytes) : bytes);
  });
  expect(accepted).toBeGreaterThan(500);
  expect(accepted).toBeLessThan(5000);
});

test('any JSON at all as the description', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), fc.boolean(), async (value, isModel) => {
      const spec = (isModel ? { model: value, spaces: [], ties: {} } : value) as JsonValue;
      expect(await attempt(() => load(encodeModel({ spec, tensors: {} })))).toBe(undefined);
    }),
    { seed: 20160707, numRuns: 2000 },
  );
});
