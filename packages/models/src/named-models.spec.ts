import { ArgumentError, OptionError } from '@funhash/hashing';
import { hashedNet } from '@funhash/layers';
import { describe, expect, test } from 'vitest';
import * as makers from './all-models.ts';
import type { ModelMaker } from './define-model.ts';
import { namedModels } from './named-models.ts';

const models: readonly (readonly [string, ModelMaker<never>])[] = Object.entries(makers);
const given = { input: [32, 32, 3], classes: 7 } as const;
// Weights of few values, so that large nets cost nothing.
const weight = () => hashedNet({ values: 8 });

describe.each(models)('%s', (name, make) => {
  const call = make as (options: unknown) => unknown;

  test('refuses every option of its own misspelt, with the name', () => {
    expect(make.name).toBe(name);
    for (const known of Object.keys(make.options)) {
      const wrong = `${known.slice(0, 2)}${known.slice(1)}`;
      expect(() => call({ [wrong]: 1 })).toThrow(OptionError);
      expect(() => call({ [wrong]: 1 })).toThrow(`${name}: unknown option ${wrong}; did you mean ${known}?`);
    }
  });

  test('refuses what is no record of options, and roles that there are not', () => {
    for (const wrong of [10, [784, 10], null])
      expect(() => call(wrong)).toThrow(`${name}: expected options as an object`);
    expect(() => call({ weight: { stm: weight() } })).toThrow(
      `${name}, weight: unknown option stm; did you mean stem?`,
    );
  });

  test('has a published form, whose widths may be less', () => {
    expect(Object.keys(make.named).length).toBeGreaterThan(0);
    for (const [title, { widths, build, hasAnyDepth }] of Object.entries(make.named)) {
      expect(namedModels[title]).toBe(make.named[title]);
      const sizeOf = (factor: number): number =>
        build({ ...given, weight, widths: widths.map((width) => Math.ceil(width * factor)) }).summary().total
          .virtualCount;
      expect(sizeOf(1 / 4)).toBeLessThan(sizeOf(1));
      const deeper = () => build({ ...given, weight, widths: [...widths, 8] });
      if (hasAnyDepth) deeper();
      else expect(deeper).toThrow(ArgumentError);
    }
  });

  test('takes what all models are told, in the form of one that reads them', () => {
    for (const { widths, build } of Object.values(make.named))
      build({ ...given, widths, weight, activation: 'tanh', dropout: 0.5, seed: 3, shiftBased: true });
    const [title, { widths, build }] = Object.entries(make.named)[0] as [string, (typeof make.named)[string]];
    expect(() => build({ ...given, widths, shiftNorm: true } as Parameters<typeof build>[0])).toThrow(
      `${title}: unknown option shiftNorm`,
    );
  });
});

test('names are those of the command line', () => {
  expect(Object.keys(namedModels).toSorted()).toEqual([
    'bnn',
    'bnn-conv',
    'deep-conv',
    'densenet40',
    'gru',
    'lenet5',
    'lenet5-caffe',
    'lstm',
    'mlp',
    'resnet20',
    'resnet32',
    'small-conv',
    'vgg16',
    'vgg16-flat',
    'wrn-16-4',
  ]);
  expect(Object.entries(namedModels).flatMap(([name, { isBinary }]) => (isBinary ? [name] : []))).toEqual([
    'bnn-conv',
    'bnn',
  ]);
});
