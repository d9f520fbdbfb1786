/** What is to be known of a weight. */
interface Decodable {
  readonly isPlain: boolean;
  readonly virtualCount: number;
  readonly definition: { readonly apply?: unknown };
}

let decoded: ReadonlySet<object> | undefined;

/**
 * Runs a body in which these weights, where their policy is `tile`, are decoded once and kept as under `frozen`: as long as
 * their stored values stay as they are. For inference; what a gradient is taken of is decoded as its policy says.
 */
export function decodedOnce<T>(weights: ReadonlySet<object>, body: () => T): T {
  const before = decoded;
  decoded = weights;
  try {
    return body();
  } finally {
    decoded = before;
  }
}

/** Whether a weight is to be decoded once by the body that runs. */
export function isDecodedOnce(weight: object): boolean {
  return decoded?.has(weight) ?? false;
}

/**
 * Those of many weights that are worth to be decoded once, the smallest first, until they take so many bytes: virtual ones
 * that are not contracted.
 *
 * @param bytes that matrices may take together, at four an entry
 */
export function worthDecoding<W extends Decodable>(weights: Iterable<W>, bytes: number): ReadonlySet<W> {
  const chosen = new Set<W>();
  let left = bytes;
  const virtual = new Set([...weights].filter(({ isPlain, definition }) => !isPlain && !definition.apply));
  for (const weight of [...virtual].sort((a, b) => a.virtualCount - b.virtualCount)) {
    left -= 4 * weight.virtualCount;
    if (left < 0) break;
    chosen.add(weight);
  }
  return chosen;
}
