/**
 * Tail probabilities of the distributions that the laws test against, all from the regularised incomplete gamma
 * functions P(a, x) and Q(a, x) = 1 − P(a, x) (Abramowitz and Stegun 6.5; series 6.5.29, continued fraction 6.5.31).
 */

/** P(X ≥ x) for a χ² variable with the given degrees of freedom. */
export function chiSquareTail(x: number, degrees: number): number {
  return upperGamma(degrees / 2, x / 2);
}

/** P(|Z| ≥ |z|) for a standard normal variable. */
export function normalTwoTail(z: number): number {
  return upperGamma(0.5, (z * z) / 2);
}

/** P(X ≥ count) for a Poisson variable. */
export function poissonUpperTail(count: number, mean: number): number {
  return count <= 0 ? 1 : lowerGamma(count, mean);
}

/** P(X ≤ count) for a Poisson variable. */
export function poissonLowerTail(count: number, mean: number): number {
  return upperGamma(count + 1, mean);
}

/** P(a, x), for a > 0 and x ≥ 0. */
function lowerGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}

/** Q(a, x), for a > 0 and x ≥ 0. */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

const PRECISION = 1e-15;

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = a + 1; term > sum * PRECISION; n += 1) {
    term *= x / n;
    sum += term;
  }
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a));
}

/** The continued fraction by Lentz's method, modified: x − a + 1 − 1(1 − a) / (x − a + 3 − 2(2 − a) / (x − a + 5 − …)). */
function upperFraction(a: number, x: number): number {
  let b = x - a + 1;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1, factor = 0; Math.abs(factor - 1) > PRECISION; n += 1) {
    const numerator = n * (a - n);
    b += 2;
    d = 1 / (b + numerator * d);
    c = b + numerator / c;
    factor = c * d;
    fraction *= factor;
  }
  return fraction * Math.exp(a * Math.log(x) - x - logGamma(a));
}

/** ln Γ(a) for a > 0, by Stirling's series after raising the argument above 10 (Abramowitz and Stegun 6.1.41). */
function logGamma(a: number): number {
  let raised = a;
  let product = 1;
  for (; raised < 10; raised += 1) product *= raised;
  const inverse = 1 / raised;
  const square = inverse * inverse;
  const series =
    inverse *
    (1 / 12 -
      square *
        (1 / 360 -
          square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - (square * 691) / 360360)))));
  return (raised - 0.5) * Math.log(raised) - raised + Math.log(2 * Math.PI) / 2 + series - Math.log(product);
}
