import { availableParallelism } from 'node:os';
import { field } from '@funhash/experiments';
import { nearestName, option } from '@funhash/hashing';
import { coverageMetrics, type MetricRequest, type StrategyName, strategies } from '@funhash/rnn-testing';
import { UsageError } from '../errors.ts';
import { backendSetting, dataSettings, sampleSettings } from './common-settings.ts';
import { type ConfigOf, number, numbers, type Settings } from './config.ts';

/** Settings of `funhash rnn-test`. */
export const rnnTestSettings = {
  model: {
    flag: '--model <file>',
    help: 'a model file (.safetensors) with a recurrent layer',
    rule: option.text(),
  },
  ...sampleSettings,
  testCount: dataSettings.testCount,
  metrics: {
    flag: '--metrics <list>',
    help: `${Object.keys(coverageMetrics).join(', ')}; with options as bc:threshold=0.7:signal=1.cell`,
    rule: field(option.text(), 'nc,bc,sc,tc'),
  },
  window: {
    flag: '--window <first,last>',
    help: 'steps that are looked at, counted from 0; of texts from the last word backwards',
    standard: 'all; the last 50 of texts',
    rule: option.list(option.integer(), { least: 2, most: 2 }),
    read: numbers,
  },
  budget: { flag: '--budget <n>', help: 'tests to run', rule: field(option.count(), 10_000), read: number },
  strategy: {
    flag: '--strategy <name>',
    help: Object.keys(strategies).join(', '),
    rule: field(option.oneOf(Object.keys(strategies) as StrategyName[]), 'guided'),
  },
  compare: {
    flag: '--compare <list>',
    help: 'strategies to set side by side, each with each of --seeds, in place of one search: random,genetic,guided',
    rule: option.list(option.oneOf(Object.keys(strategies) as StrategyName[]), { least: 1, most: 8 }),
    read: (given: string) => given.split(','),
  },
  seeds: {
    flag: '--seeds <n>',
    help: 'searches of each strategy that is compared, with --seed and the seeds after it',
    rule: field(option.integer({ least: 1, most: 64 }), 3),
    read: number,
  },
  at: {
    flag: '--at <list>',
    help: 'numbers of tests that the table of a comparison shows',
    standard: 'a fifth, two fifths and all of the budget',
    rule: option.list(option.count(), { least: 1, most: 64 }),
    read: numbers,
  },
  perClass: {
    flag: '--per-class <n>',
    help: 'seeds of each class: the first test samples, without those that the net gets wrong',
    rule: field(option.integer({ least: 1, most: 100_000 }), 10),
    read: number,
  },
  constants: {
    flag: '--constants <n>',
    help: 'training samples that the constants of metrics come from, the first ones',
    rule: field(option.integer({ least: 2, most: 10_000_000 }), 10_000),
    read: number,
  },
  norm: {
    flag: '--norm <name>',
    help: 'of the distance from a seed: spectral, frobenius, max',
    rule: field(option.oneOf(['spectral', 'frobenius', 'max']), 'spectral'),
  },
  radius: {
    flag: '--radius <x>',
    help: 'largest distance; of texts the share of words that are edited',
    standard: '0.01; 0.1 of texts',
    rule: option.positive(),
    read: number,
  },
  plain: {
    flag: '--plain',
    help: 'the norm itself; else it is divided by the number of changed pixels, as published',
    rule: field(option.flag(), false),
  },
  variance: {
    flag: '--variance <low,high>',
    help: 'of the noise on seeds',
    rule: field(option.list(option.real({ least: 0 }), { least: 2, most: 2 }), [0.005, 0.02]),
    read: numbers,
  },
  searchVariance: {
    flag: '--search-variance <x>',
    help: 'of the noise in a search from good tests',
    rule: field(option.real({ least: 0 }), 0.1),
    read: number,
  },
  share: {
    flag: '--share <x>',
    help: 'share of the words of a text that one change edits',
    rule: field(option.real({ least: 0, most: 1 }), 0.03),
    read: number,
  },
  synonyms: {
    flag: '--synonyms <file>',
    help: 'words that may stand for each other, a group in each line; without it words of texts are swapped and left out alone',
    rule: option.text(),
  },
  mutants: {
    flag: '--mutants <n>',
    help: 'slightly damaged nets, and that of --beside, from which the minimal suite is to tell this one',
    standard: 'not measured',
    rule: option.integer({ least: 1, most: 10_000 }),
    read: number,
  },
  threads: {
    flag: '--threads <n>',
    help: 'threads that run tests; what is found does not depend on their number',
    standard: 'as many as cores',
    isLocal: true,
    rule: field(option.integer({ least: 1, most: 64 }), availableParallelism()),
    read: number,
  },
  batchSize: {
    flag: '--batch-size <n>',
    help: 'tests in a round',
    rule: field(option.integer({ least: 4, most: 65_536 }), 400),
    read: number,
  },
  seed: { flag: '--seed <n>', help: 'decides all draws', rule: field(option.integer(), 0), read: number },
  backend: backendSetting,
} as const satisfies Settings;

export type RnnTestConfig = ConfigOf<typeof rnnTestSettings>;

/** Requests of a text such as `bc:threshold=0.7,tc:symbols=4`. @throws UsageError for a metric that is none */
export function readMetrics(text: string): MetricRequest[] {
  return text.split(',').map((one) => {
    const [id = '', ...options] = one.trim().split(':');
    if (!Object.hasOwn(coverageMetrics, id)) {
      const nearest = nearestName(id, Object.keys(coverageMetrics));
      throw new UsageError({
        operation: '--metrics',
        expected: `some of ${Object.keys(coverageMetrics).join(', ')}`,
        actual: id,
        ...(nearest !== undefined && { remedy: `Did you mean ${nearest}?` }),
      });
    }
    const given = options.map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, true] : [text.slice(0, at), number(text.slice(at + 1))];
    });
    return { metric: id, ...Object.fromEntries(given) };
  });
}
