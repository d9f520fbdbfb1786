import { encodeModel, type JsonValue, ModelFileError, type ModelTensor } from '@funhash/codec';
import { expect, test } from 'vitest';
import { load } from './load.ts';

const layer = (weight: Record<string, JsonValue>, rest: Record<string, JsonValue> = {}): JsonValue => ({
  model: {
    type: 'dense',
    in: 2,
    out: 2,
    bias: false,
    weight: { kind: 'hashedNet', rows: 2, cols: 2, policy: 'tile', options: {}, ...weight },
    ...rest,
  },
  spaces: [],
  ties: {},
});

const bytesOf = (spec: JsonValue, tensors: Record<string, ModelTensor> = {}): Uint8Array =>
  encodeModel({ spec, tensors });

const w = (count: number): Record<string, ModelTensor> => ({
  'weight.w': { shape: [count], data: new Float32Array(count) },
});
const hashed = { buckets: 3, seed: 5, hash: 'xxHash32' };

test.each<[string, Uint8Array, RegExp]>([
  [
    'more buckets than values',
    bytesOf(layer({ options: { ...hashed, buckets: 2 ** 32 - 1 } }), w(3)),
    /values w of shape \[4294967295\] in the model, got \[3\]/,
  ],
  ['no seed', bytesOf(layer({ options: { buckets: 3 } }), w(3)), /option seed: .*, got none/],
  [
    'an unknown option',
    bytesOf(layer({ options: { ...hashed, x: 1 } }), w(3)),
    /options among buckets.* got x/,
  ],
  ['an object as option', bytesOf(layer({ options: { ...hashed, hash: {} } }), w(3)), /hash: .*, got \{\}/],
  [
    'a scale where the scheme has none',
    bytesOf(layer({ options: hashed, scale: 2 }), w(3)),
    /without a scale/,
  ],
  [
    'a space that is not there',
    bytesOf(layer({ options: hashed, space: 'x' }), w(3)),
    /a space of this file/,
  ],
  [
    'a space for a scheme that cannot share',
    bytesOf(
      { ...(layer({ kind: 'dense', space: 's', scale: 1 }) as object), spaces: ['s'] },
      {
        'weight.w': { shape: [2, 2], data: new Float32Array(4) },
        s: { shape: [1], data: new Float32Array(1) },
      },
    ),
    /dense with values of its own in the model, got the shared space s/,
  ],
  ['an unknown scheme', bytesOf(layer({ kind: 'magic' }), w(3)), /a known scheme: .*got "magic"/],
  ['an unknown policy', bytesOf(layer({ options: hashed, policy: 'sometimes' }), w(3)), /policy/],
  [
    'a matrix that does not fit the layer',
    bytesOf(layer({ rows: 3, options: hashed }), w(3)),
    /a weight \[2, 2\] as weight/,
  ],
  [
    'a misspelt option',
    bytesOf(layer({ options: hashed }, { activaton: 'relu' }), w(3)),
    /fields among .* in the model, got "activaton".* Did you mean activation\?/,
  ],
  [
    'a misspelt field of a weight',
    bytesOf(layer({ options: hashed, polcy: 'tile' }), w(3)),
    /fields kind, rows, .* of weight in the model, got "polcy"/,
  ],
  ['no values', bytesOf(layer({ options: hashed })), /values w of shape \[3\] in the model, got none/],
  [
    'a bias of another shape',
    bytesOf(layer({ options: hashed }, { bias: true }), {
      ...w(3),
      bias: { shape: [3], data: new Float32Array(3) },
    }),
    /values bias \[2\] in the model, got \[3\]/,
  ],
  [
    'a space that is also the values of a layer',
    bytesOf({ ...(layer({ options: hashed }) as object), spaces: ['weight.w'] }, w(3)),
    /values weight\.w of its own in the model, got "those of a shared space"/,
  ],
  [
    'values for nobody',
    bytesOf(layer({ options: hashed }), { ...w(3), x: { shape: [0], data: new Float32Array(0) } }),
    /only values that belong to a layer, got \["x"\]/,
  ],
  [
    'a space for nobody',
    bytesOf({ ...(layer({ options: hashed }) as object), spaces: ['s'] } as JsonValue, {
      ...w(3),
      s: { shape: [1], data: new Float32Array(1) },
    }),
    /got \["s"\]/,
  ],
  [
    'a tie to a later layer',
    bytesOf({
      model: { type: 'sequential', layers: [{ type: 'flatten' }, { type: 'flatten' }] },
      spaces: [],
      ties: { 0: '1' },
    }),
    /an earlier layer in place of layer 0, got "1"/,
  ],
])('%s: the message says so', async (_, file, message) => {
  await expect(load(file)).rejects.toThrow(ModelFileError);
  await expect(load(file)).rejects.toThrow(message);
});

test('ties cannot make a network that is larger than its file', async () => {
  // Each level is two groups, the second one tied to the first: 2^12 layers, if ties to groups were followed.
  let model: JsonValue = { type: 'flatten' };
  const ties: Record<string, string> = {};
  for (let level = 0; level < 12; level++)
    model = { type: 'sequential', layers: [model, { type: 'flatten' }] };
  for (let level = 0; level < 11; level++) {
    const path = '0.'.repeat(11 - level);
    ties[`${path}1`] = `${path}0`;
  }
  await expect(load(bytesOf({ model, spaces: [], ties }))).rejects.toThrow(/an earlier layer/);
});
