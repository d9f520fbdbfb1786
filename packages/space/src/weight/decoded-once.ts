import { checkArgument, option } from '@funhash/hashing';
import type { WeightPolicy } from '../scheme.ts';

/** What is to be known of a weight. */
interface Decodable {
  readonly isPlain: boolean;
  readonly virtualCount: number;
  readonly definition: { readonly apply?: unknown };
}

let decoded: { readonly weights: ReadonlySet<object>; readonly policy: 'frozen' | 'step' } | undefined;

/**
 * Runs a body in which these weights, where their policy is `tile`, are decoded once and kept as under `frozen`: as long as
 * their stored values stay as they are. For inference; what a gradient is taken of is decoded as its policy says.
 */
export function decodedOnce<T>(weights: ReadonlySet<object>, body: () => T): T {
  return under('decodedOnce', { weights, policy: 'frozen' }, body);
}

/**
 * Runs a body that is recorded so that its plan decodes these weights, whatever their policy is, by calls of its own: what
 * `withConstantsFirst` makes run once.
 */
export function decodedByPlan<T>(weights: ReadonlySet<object>, body: () => T): T {
  return under('decodedByPlan', { weights, policy: 'step' }, body);
}

const weightsRule = option.that<ReadonlySet<object>>('a Set of weights', (value) => value instanceof Set);
const bodyRule = option.callable();

function under<T>(operation: string, inside: NonNullable<typeof decoded>, body: () => T): T {
  checkArgument(operation, 'weights', weightsRule, inside.weights);
  checkArgument(operation, 'body', bodyRule, body);
  const before = decoded;
  decoded = inside;
  try {
    return body();
  } finally {
    decoded = before;
  }
}

/** The policy of a weight in the body that runs. */
export function policyNow(weight: { readonly policy: WeightPolicy }): WeightPolicy {
  if (!decoded?.weights.has(weight) || (decoded.policy === 'frozen' && weight.policy !== 'tile'))
    return weight.policy;
  return decoded.policy;
}

const manyRule = option.that<Iterable<object>>(
  'weights, in an array or another iterable',
  (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
);

/**
 * Those of many weights that are worth to be decoded once, the smallest first, until they take so many bytes: virtual ones
 * that are not contracted.
 *
 * @param bytes that matrices may take together, at four an entry
 */
export function worthDecoding<W extends Decodable>(weights: Iterable<W>, bytes: number): ReadonlySet<W> {
  checkArgument('worthDecoding', 'weights', manyRule, weights);
  checkArgument('worthDecoding', 'bytes', option.real({ least: 0 }), bytes);
  const chosen = new Set<W>();
  let left = bytes;
  const virtual = new Set(
    [...weights].filter((weight) => !weight?.isPlain && weight?.definition && !weight.definition.apply),
  );
  for (const weight of [...virtual].sort((a, b) => a.virtualCount - b.virtualCount)) {
    left -= 4 * weight.virtualCount;
    if (left < 0) break;
    chosen.add(weight);
  }
  return chosen;
}
