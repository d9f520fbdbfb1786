import { availableParallelism } from 'node:os';
import { armKinds, parseRatio, splitSchemes } from '@funhash/experiments';
import * as v from 'valibot';
import {
  type ConfigOf,
  listOf,
  number,
  numbers,
  real,
  type Settings,
  text,
  whole,
} from '../settings/config.ts';
import { commonSettings } from '../settings/settings.ts';

export const compareSettings = {
  ...commonSettings,
  schemes: {
    flag: '--schemes <list>',
    help: `among ${armKinds.join(', ')}, with options: funHash,hashes=8,hashedNet`,
    schema: listOf(text),
    read: (given: string) => splitSchemes(given, armKinds),
    default: ['funHash', 'hashedNet', 'tiles', 'lowRank', 'randomEdgeRemoval', 'narrow'],
  },
  ratios: {
    flag: '--ratios <list>',
    help: 'stored ÷ virtual weights, such as 1/8,1/64',
    schema: listOf(
      v.custom<string>(
        (x) => typeof x === 'string' && parseRatio(x) !== undefined,
        'a ratio above 0 and at most 1, such as "1/64"',
      ),
    ),
    read: (given: string) => given.split(','),
    default: ['1/64'],
  },
  seeds: {
    flag: '--seeds <n>',
    help: 'runs of each arm, with --seed and the seeds after it',
    schema: whole(1, 64),
    read: number,
    default: 1,
  },
  learningRates: {
    flag: '--learning-rates <list>',
    help: 'tried for every arm and chosen by validation, such as 0.07,0.13,0.27,0.53 (default: that of the recipe)',
    schema: listOf(real(0, 1e6)),
    read: numbers,
  },
  threads: {
    flag: '--threads <n>',
    help: 'arms trained side by side',
    schema: whole(1, 256),
    read: number,
    default: availableParallelism(),
  },
} as const satisfies Settings;

export type CompareConfig = ConfigOf<typeof compareSettings>;

/** What a preset sets, by the backend in use: a slower one trains on fewer images. */
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
