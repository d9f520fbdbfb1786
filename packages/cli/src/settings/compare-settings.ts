import { availableParallelism } from 'node:os';
import {
  armKinds,
  type ComparisonPlan,
  field,
  parseRatio,
  runSpec,
  splitSchemes,
} from '@funhash/experiments';
import { option } from '@funhash/hashing';
import { dataSettings, netOf, netSettings, trainingOf, trainingSettings } from './common-settings.ts';
import { type ConfigOf, number, numbers, type Settings } from './config.ts';

const list = { least: 1, most: 64 };
const ratio = option.that<string>(
  'a ratio above 0 and at most 1, such as "1/64"',
  (x) => typeof x === 'string' && parseRatio(x) !== undefined,
);

export const compareSettings = {
  ...dataSettings,
  ...netSettings,
  ...trainingSettings,
  schemes: {
    flag: '--schemes <list>',
    help: `among ${armKinds.join(', ')}, with options: funHash,hashes=8,hashedNet`,
    rule: field(option.list(option.text(), list), [
      'funHash',
      'hashedNet',
      'tiles',
      'lowRank',
      'randomEdgeRemoval',
      'narrow',
    ]),
    read: (given: string) => splitSchemes(given, armKinds),
  },
  ratios: {
    flag: '--ratios <list>',
    help: 'stored ÷ virtual weights, such as 1/8,1/64',
    rule: field(option.list(ratio, list), ['1/64']),
    read: (given: string) => given.split(','),
  },
  seeds: {
    flag: '--seeds <n>',
    help: 'runs of each arm, with --seed and the seeds after it',
    rule: field(option.integer({ least: 1, most: 64 }), 1),
    read: number,
  },
  learningRates: {
    flag: '--learning-rates <list>',
    help: 'tried for every arm and chosen by validation, such as 0.07,0.13,0.27,0.53',
    standard: 'what suits each scheme',
    rule: option.list(option.real({ least: 0, most: 1e6 }), list),
    read: numbers,
  },
  threads: {
    flag: '--threads <n>',
    help: 'runs that are trained side by side',
    standard: 'as many as cores',
    isLocal: true,
    rule: field(option.integer({ least: 1, most: 256 }), availableParallelism()),
    read: number,
  },
} as const satisfies Settings;

export type CompareConfig = ConfigOf<typeof compareSettings>;

/** What a comparison of these settings trains. */
export function planOf(config: CompareConfig): ComparisonPlan {
  const { schemes, ratios, seeds, learningRates } = config;
  return {
    base: runSpec({ ...trainingOf(config), net: netOf(config) }),
    schemes,
    ratios,
    seeds,
    learningRates,
  };
}

/** Settings of a preset, by the backend in use: a slower one trains on fewer images. */
export type Preset = (backend: string) => Partial<CompareConfig>;

/** The main job: the net of the papers at 1/64, under three minutes on two cores. */
const mnist: Preset = (backend) => ({
  data: 'mnist',
  hidden: [1000],
  ratios: ['1/64'],
  schemes: ['funHash', 'hashedNet', 'tiles', 'randomEdgeRemoval', 'lowRank', 'narrow'],
  validation: 6000,
  ...(backend === 'wasm' ? { epochs: 4 } : { trainCount: 4000, epochs: 4 }),
});

export const presets: Readonly<Record<string, Preset>> = { mnist };
