import type { Model } from '@funhash/layers';
import {
  type CampaignOptions,
  type CoverageProbe,
  coverageProbe,
  editBall,
  gaussianNoise,
  type MetricRequest,
  normBall,
  type ProbeOptions,
  seriesNoise,
  tokenEdits,
} from '@funhash/rnn-testing';
import { type RnnTestConfig, readMetrics } from '../settings/rnn-test-settings.ts';
import type { SearchData } from './search-data.ts';

/** The probe and the options of a search: what its threads have in common. */
export interface SearchParts {
  readonly probe: CoverageProbe;
  readonly options: CampaignOptions;
}

/** @param constants of another thread, in place of those of the training data */
export function searchParts(
  model: Model,
  config: RnnTestConfig,
  data: SearchData,
  constants?: ProbeOptions['constants'],
): SearchParts {
  const { training, seeds, isText } = data;
  const metrics: MetricRequest[] = readMetrics(config.metrics);
  const [length] = training.inputShape as [number];
  // Texts are of all lengths: the words before the last are in every one.
  const window = config.window ?? (isText ? [0, Math.min(50, length) - 1] : undefined);
  const probe = coverageProbe(model, {
    training,
    metrics,
    ...(window && { window }),
    ...(isText && { from: 'end' as const }),
    ...(constants && { constants }),
  });
  const { strategy, batchSize, seed } = config;
  return { probe, options: { seeds, strategy, batchSize, seed, ...changes(config, data) } };
}

/** How tests are changed, and how far they may lie from their seeds. */
function changes(
  config: RnnTestConfig,
  { isText, synonyms, training }: SearchData,
): Pick<CampaignOptions, 'mutation' | 'searchMutation' | 'oracle'> {
  const { norm, radius, plain, variance, searchVariance, share } = config;
  if (isText) {
    const edits = tokenEdits({ share, ...(synonyms.size > 0 && { synonyms }) });
    return { mutation: edits, searchMutation: edits, oracle: editBall({ radius: radius ?? 0.1 }) };
  }
  const oracle = normBall({ norm, radius: radius ?? 0.01, perChanged: !plain });
  if (training.inputShape.length < 3)
    return { mutation: seriesNoise(), searchMutation: seriesNoise({ noise: 0.15 }), oracle };
  return {
    mutation: gaussianNoise({ variance: variance as readonly [number, number] }),
    searchMutation: gaussianNoise({ variance: searchVariance }),
    oracle,
  };
}
