import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { trainSettings } from '../commands/train.ts';
import { UsageError } from '../errors.ts';
import { compareSettings } from './compare-settings.ts';
import { checkConfig, readConfigFile, readFlags } from './config.ts';

const check = (fields: unknown) => checkConfig(trainSettings, fields, 'test.json');

test('defaults fill what is absent', () => {
  expect(check({})).toMatchObject({ data: 'mnist', hidden: [1000], epochs: 10, weight: 'dense', seed: 0 });
  expect(check({})).not.toHaveProperty('trainCount');
});

test.each<[unknown, RegExp]>([
  [{ epochs: 0 }, /test\.json: expected epochs: a whole number from 1 to 1000000, got 0/],
  [{ epochs: 1.5 }, /epochs: a whole number/],
  [{ epochs: '3' }, /epochs: a whole number .* got "3"/],
  [{ epochs: null }, /epochs/],
  [{ dropout: 1 }, /dropout: a number from 0 to 0.99/],
  [{ dropout: Number.NaN }, /dropout/],
  [{ hidden: [] }, /hidden: a list of 1 to 64 members/],
  [{ hidden: [100, -1] }, /hidden: a list .* each a whole number from 1 to 1048576, got \[100,-1\]/],
  [{ hidden: 'wide' }, /hidden/],
  [{ activation: 'relu6' }, /activation: one of relu/],
  [{ data: '' }, /data: a text/],
  [{ weights: 'dense' }, /weights/],
  [{ relativeStep: 1 }, /relativeStep: true or false/],
  [{ epoch: 3 }, /options among data, .*, got epoch\. Did you mean epochs\?/],
  [{ toString: 1 }, /options among .*, got toString/],
  [JSON.parse('{"__proto__": 1}'), /got __proto__|options as an object/],
  [[], /options as an object/],
  ['x', /options as an object/],
])('refuses %j and says why', (fields, message) => {
  expect(() => check(fields)).toThrow(UsageError);
  expect(() => check(fields)).toThrow(message);
});

test('any JSON is either a whole configuration or a UsageError', () => {
  const field = fc.constantFrom(...Object.keys(trainSettings), 'stranger');
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue())), (fields) => {
      try {
        const config = check(fields);
        expect(config.epochs).toBeGreaterThanOrEqual(1);
        expect(config.hidden.every(Number.isInteger)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { seed: 7, numRuns: 1000 },
  );
});

test('flags become fields', () => {
  const given = { epochs: '3', hidden: '500,20', data: 'rot', learningRate: '', json: true };
  expect(readFlags(trainSettings, given)).toEqual({
    epochs: 3,
    hidden: [500, 20],
    data: 'rot',
    learningRate: '',
  });
  expect(readFlags(compareSettings, { ratios: '1/8,1/64', schemes: 'funHash,dual,narrow' })).toEqual({
    ratios: ['1/8', '1/64'],
    schemes: ['funHash,dual', 'narrow'],
  });
  expect(() => checkConfig(compareSettings, { ratios: ['1/8', '2'] }, 'x')).toThrow(
    /ratios: a list .* each a ratio above 0/,
  );
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const read = async (text: string): Promise<unknown> => {
    const path = join(folder, 'config.json');
    await writeFile(path, text);
    return readConfigFile(path);
  };

  test('are JSON objects', async () => {
    expect(await read('{ "epochs": 3 }')).toEqual({ epochs: 3 });
  });

  test.each([
    ['', /character 0/],
    ['{"epochs": 3', /the end of the text/],
    ['{"epochs": 3, "epochs": 4}', /epochs|repeated|key/],
    ['[1]', /a JSON object/],
    ['[[[[[[[[[[[[1]]]]]]]]]]]]', /character/],
    [`"${'x'.repeat(2 ** 20)}"`, /at most 1048576 bytes/],
  ])('are refused: %s', async (text, message) => {
    await expect(read(text)).rejects.toThrow(UsageError);
    await expect(read(text)).rejects.toThrow(message);
  });

  test('that are absent or folders are refused', async () => {
    await expect(readConfigFile(join(folder, 'none.json'))).rejects.toThrow(UsageError);
    await expect(readConfigFile(folder)).rejects.toThrow(UsageError);
  });
});
