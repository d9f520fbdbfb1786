import type { Model } from '@funhash/layers';
import { ReplayError } from '../errors.ts';
import type { Campaign } from '../generation/campaign.ts';
import { type StoredSequence, sequenceFrom, storedSequence } from '../generation/stored.ts';
import { observe } from '../observation/observe.ts';
import { stepWindow } from '../observation/window.ts';
import { requireCampaign } from './require-campaign.ts';

/** An adversarial example as JSON: everything that running it again needs, but the network. */
export interface StoredExample {
  readonly version: 1;
  readonly inputShape: readonly number[];
  readonly padding: 'after' | 'before';
  readonly label: number;
  readonly answer: number;
  readonly distance: number;
  readonly oracle: string;
  readonly seed: StoredSequence;
  readonly test: StoredSequence;
}

/** The adversarial examples of a campaign, to be kept as files. */
export function storedExamples(campaign: Campaign): readonly StoredExample[] {
  requireCampaign('storedExamples', campaign);
  const { probe, seeds, adversarial, oracle } = campaign;
  return adversarial.map(({ test, label, answer, distance }) => ({
    version: 1,
    inputShape: probe.inputShape,
    padding: probe.window.padding,
    label,
    answer,
    distance,
    oracle: oracle.description,
    seed: storedSequence(seeds[test.seed] as Campaign['seeds'][number]),
    test: storedSequence(test),
  }));
}

/** What a network says of an example. */
export interface Replay {
  /** Class that it gives the seed, and the test. */
  readonly seedAnswer: number;
  readonly testAnswer: number;
  /** Whether the seed is right still and the test is not. */
  readonly fails: boolean;
}

/**
 * Runs an adversarial example again.
 *
 * @throws ReplayError for a damaged example
 */
export function replayExample(model: Model, example: StoredExample): Replay {
  const { version, inputShape, label, seed, test, padding } = (example ?? {}) as Partial<StoredExample>;
  const isShape =
    Array.isArray(inputShape) &&
    inputShape.length > 0 &&
    inputShape.every((n) => Number.isInteger(n) && n > 0);
  const size = isShape ? inputShape.reduce((product, extent) => product * extent, 1) : 0;
  if (version !== 1 || !isShape || size > 2 ** 24 || !Number.isInteger(label) || !seed || !test)
    throw new ReplayError({
      operation: 'replayExample',
      expected: 'an adversarial example, as rnn-test writes it',
      actual: 'something else',
    });
  const pair = [sequenceFrom(seed, size), sequenceFrom(test, size)];
  const window = stepWindow('replayExample', 1, { padding: padding === 'before' ? 'before' : 'after' });
  const { answers } = observe(model, inputShape, pair, window, new Set());
  const [seedAnswer, testAnswer] = answers as unknown as [number, number];
  return { seedAnswer, testAnswer, fails: seedAnswer === label && testAnswer !== label };
}
