/** Cost of a bit at probability ½. */
export const bitCost = 32768;

/** Offset of S >> 3 in the tables of costs. */
export const costOffset = 512;

const length = 2 * costOffset;

/** Costs of bin 0 and of bin 1 in units of 2⁻¹⁵ bit, at `costOffset + (S >> 3)`. */
export const costs: readonly [Int32Array, Int32Array] = /* @__PURE__ */ makeCosts();

function makeCosts(): readonly [Int32Array, Int32Array] {
  const zero = new Int32Array(length);
  const one = new Int32Array(length);
  for (let j = 0; j < costOffset; j++) {
    const l = bitCost + 400.798947 * (j + 0.5);
    const improbable = Math.floor(l + 0.5);
    const probable = Math.floor(-bitCost * Math.log2(1 - 2 ** (-l / bitCost)) + 0.5);
    // S is at 0 or above where 1 is the more probable bin.
    zero[costOffset - j] = probable;
    one[costOffset - j] = improbable;
    zero[costOffset + j] = improbable;
    one[costOffset + j] = probable;
  }
  return [zero, one];
}
