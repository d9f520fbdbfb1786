import type { Real } from '@funhash/formula';

/** One element of a leaky ReLU: x where positive, else slope·x. */
export const leaky = (x: Real, slope: Real | number): Real => x.ifPositive(x, x.times(slope));
