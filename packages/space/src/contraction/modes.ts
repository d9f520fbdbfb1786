/** Factorisations of the extents of a matrix into modes, the digits of a mixed radix. */

export const productOf = (values: readonly number[]): number =>
  values.reduce((product, value) => product * value, 1);

/** Modes that suit matrices of up to these extents: about six a mode, as in the papers. */
export function modeCount(extent: number): number {
  return Math.max(2, Math.round(Math.log2(Math.max(2, extent)) / 2.5));
}

/**
 * `count` modes with product `size`, as equal as its prime factors allow, the large ones in the middle: 784 by four is
 * 4×7×7×4. A prime gives one mode of its size and ones.
 */
export function balancedModes(size: number, count: number): number[] {
  const modes = Array.from({ length: count }, () => 1);
  for (const factor of primeFactors(size).reverse()) {
    const least = modes.indexOf(Math.min(...modes));
    modes[least] = (modes[least] as number) * factor;
  }
  const [front, back]: [number[], number[]] = [[], []];
  modes
    .sort((a, b) => a - b)
    .forEach((mode, k) => {
      if (k % 2 === 0) front.push(mode);
      else back.unshift(mode);
    });
  return [...front, ...back];
}

/** Whether modes are as equal as they should be: the largest at most about twice the even share. */
export function isBalanced(modes: readonly number[], size: number): boolean {
  return Math.max(...modes) <= Math.max(5, 2 * Math.ceil(size ** (1 / modes.length)));
}

/** Modes as of `balancedModes`, for the least size up to an eighth above `size` that has balanced ones. */
export function paddedModes(size: number, count: number): number[] {
  for (let padded = size; padded <= size + Math.max(2, size / 8); padded++) {
    const modes = balancedModes(padded, count);
    if (isBalanced(modes, size) && padded - padded / (modes[0] as number) < size) return modes;
  }
  return balancedModes(size, count);
}

/** Prime factors in ascending order. */
function primeFactors(size: number): number[] {
  const factors: number[] = [];
  let rest = size;
  for (let factor = 2; factor * factor <= rest; factor++)
    while (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    }
  return rest > 1 ? [...factors, rest] : factors;
}
