// Numbers of the arithmetic engine of ISO/IEC 15938-17 (DeepCABAC). A context estimates the probability of its next bin by
// two integers, a fast one and a slow one; S = 16 · fast + slow.

// biome-ignore format: rows of eight
const widest = [
  228, 200, 174, 150, 132, 116, 102, 90, 80, 70, 62, 54, 48, 42, 36, 32,
  28, 26, 22, 20, 18, 16, 14, 14, 10, 10, 8, 8, 6, 6, 4, 4,
];

/**
 * The part of the range that the less probable bin has, at `(range & 0xe0) << 1 | (S >> 7) & 63`: eight rows by the size of
 * the range, each by S, negative ones behind the others.
 */
export const shares = /* @__PURE__ */ Uint8Array.from({ length: 512 }, (_, at) => {
  const [row, column] = [at >> 6, ((at & 63) << 26) >> 26];
  // S >> 7 is never −32.
  return ((widest[Math.min(31, Math.abs(column))] as number) * (9 + row)) >> 4;
});

/** Distance by which an integer of a context moves towards the bin, at 16 + (its distance on that side >> 3 or 7), before its shift. */
export const moves = /* @__PURE__ */ Int32Array.of(
  ...[2512, 2288, 2064, 1840, 1616, 1392, 1168, 944, 720, 560, 464, 368, 272, 208, 144, 80],
  ...[64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 0],
);

/** Parameter sets of contexts: shifts of the fast and the slow integer, the fast one and S at the start. */
const parameterSets = [
  [5, 4, 0, 0],
  [5, 4, -41, -1310],
  [5, 4, 95, 3039],
  [4, 5, 0, 0],
  [6, 6, 30, 962],
  [6, 6, 95, 3039],
  [6, 6, -21, -673],
  [7, 5, 0, 0],
  [7, 5, 30, 962],
] as const;

export const setCount = 9;

/** Words of a context in memory: fast, slow, shifts (that of the slow one at bit 5), and one that keeps contexts aligned. */
export const contextWords = 4;

/** The first three words of a context of each set. */
export const starts = /* @__PURE__ */ parameterSets.map(
  ([fastShift, slowShift, fast, s]) => [fast, s - 16 * fast, fastShift | (slowShift << 5)] as const,
);

/** Puts contexts to the start of their sets; without sets, of set 0. */
export function startContexts(contexts: Int32Array, sets?: Uint8Array): void {
  for (let c = 0; c * contextWords < contexts.length; c++) {
    const [fast, slow, shifts] = starts[sets?.[c] ?? 0] as readonly [number, number, number];
    contexts[c * contextWords] = fast;
    contexts[c * contextWords + 1] = slow;
    contexts[c * contextWords + 2] = shifts;
  }
}

/** So many contexts at the start of set 0. */
export function newBinContexts(count: number): Int32Array {
  const contexts = new Int32Array(count * contextWords);
  startContexts(contexts);
  return contexts;
}

/** The trellis of dependent quantisation: the state behind `state` and the parity of a coded level, at 2 · state + parity. */
export const nextState = /* @__PURE__ */ Uint8Array.of(0, 2, 7, 5, 1, 3, 6, 4, 2, 0, 5, 7, 3, 1, 4, 6);
