import { elementwise } from './pointwise.ts';

/** √x of x ≥ 0 with gradient 0 at 0, where that of the root is infinite: for lengths, whose least subgradient that is. */
export const rootOf = elementwise('root', (x) => x.ifPositive(x.ifPositive(x, 1).sqrt(), x.minus(x)));
