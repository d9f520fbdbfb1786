import type { Real } from '@funhash/formula';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { record, withoutTape } from '../tape.ts';
import { logistic } from './logistic.ts';
import { elementwise } from './pointwise.ts';
import { concat, windowAt } from './views.ts';

/** The gates of a step, [B, H] each; in z and r they lie side by side in this order, as in PyTorch. */
export interface LstmGates {
  readonly input: Tensor;
  readonly forget: Tensor;
  readonly candidate: Tensor;
  readonly output: Tensor;
}

/** State of a long short-term memory after a step. */
export interface LstmState {
  /** The output h [B, H]. */
  readonly hidden: Tensor;
  /** The memory c [B, H]. */
  readonly cell: Tensor;
}

/**
 * One step of a long short-term memory, from what its gates sum up of the input, z, and of the state before, r:
 *
 *     i = σ(z₁ + r₁), f = σ(z₂ + r₂ + forgetBias), g = tanh(z₃ + r₃), o = σ(z₄ + r₄)
 *     c′ = f·c + i·g, h = o·tanh(c′)
 *
 * The gradient is given, not derived: the gates are found again from z and r, nothing else is kept.
 *
 * Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
 *
 * @param z [B, 4·H]
 * @param r [B, 4·H]
 * @param cell c [B, H]
 */
export function lstmCell(z: Tensor, r: Tensor, cell: Tensor, forgetBias = 0): LstmState {
  requireShapes(z, r, cell);
  const { hidden, cell: next } = withoutTape(() => {
    const [i, f, g, o] = summands(z, r);
    const next = nextCell(...i, ...f, ...g, cell, forgetBias);
    return { hidden: nextHidden(...o, next), cell: next };
  });
  record([z, r, cell], [hidden, next], ([dHidden, dNext], needed) => {
    const [i, f, g, o] = summands(z, r);
    const dCell = cellSlope(...o, next, dHidden as Tensor, dNext as Tensor);
    const slopes = (): Tensor =>
      concat(
        [
          inputSlope(...i, ...g, dCell),
          forgetSlope(...f, cell, dCell, forgetBias),
          candidateSlope(...i, ...g, dCell),
          outputSlope(...o, next, dHidden as Tensor),
        ],
        1,
      );
    const dSums = needed(0) || needed(1) ? slopes() : undefined;
    return [dSums, dSums, needed(2) ? carried(...f, dCell, forgetBias) : undefined];
  });
  return { hidden, cell: next };
}

/** The gates of a step by themselves, [B, H] each, for looking at them. */
export function lstmGates(z: Tensor, r: Tensor, forgetBias = 0): LstmGates {
  const [input, forget, candidate, output] = summands(z, r);
  return {
    input: gate(...input, 0),
    forget: gate(...forget, forgetBias),
    candidate: candidateGate(...candidate),
    output: gate(...output, 0),
  };
}

type Summands = readonly [z: Tensor, r: Tensor];

/** What each gate is a function of. */
function summands(z: Tensor, r: Tensor): readonly [Summands, Summands, Summands, Summands] {
  const [batch, width] = z.shape as [number, number];
  const size = width / 4;
  const part = (sums: Tensor, k: number): Tensor => windowAt(sums, [0, k * size], [batch, size]);
  const of = (k: number): Summands => [part(z, k), part(r, k)];
  return [of(0), of(1), of(2), of(3)];
}

const flat = (gate: Real): Real => gate.times(gate.negate().plus(1));
const steep = (tanh: Real): Real => tanh.times(tanh).negate().plus(1);

const gate = elementwise('lstm gate', (z, r, bias) => logistic(z.plus(r).plus(bias)));
const candidateGate = elementwise('lstm gate', (z, r) => z.plus(r).tanh());
const nextCell = elementwise('lstm cell', (zi, ri, zf, rf, zg, rg, c, bias) =>
  logistic(zf.plus(rf).plus(bias))
    .times(c)
    .plus(logistic(zi.plus(ri)).times(zg.plus(rg).tanh())),
);
const nextHidden = elementwise('lstm cell', (zo, ro, next) => logistic(zo.plus(ro)).times(next.tanh()));

const cellSlope = elementwise('lstm cell gradient', (zo, ro, next, dHidden, dNext) =>
  dNext.plus(logistic(zo.plus(ro)).times(steep(next.tanh())).times(dHidden)),
);
const inputSlope = elementwise('lstm cell gradient', (zi, ri, zg, rg, dCell) =>
  flat(logistic(zi.plus(ri)))
    .times(zg.plus(rg).tanh())
    .times(dCell),
);
const forgetSlope = elementwise('lstm cell gradient', (zf, rf, c, dCell, bias) =>
  flat(logistic(zf.plus(rf).plus(bias)))
    .times(c)
    .times(dCell),
);
const candidateSlope = elementwise('lstm cell gradient', (zi, ri, zg, rg, dCell) =>
  logistic(zi.plus(ri))
    .times(steep(zg.plus(rg).tanh()))
    .times(dCell),
);
const outputSlope = elementwise('lstm cell gradient', (zo, ro, next, dHidden) =>
  flat(logistic(zo.plus(ro)))
    .times(next.tanh())
    .times(dHidden),
);
const carried = elementwise('lstm cell gradient', (zf, rf, dCell, bias) =>
  logistic(zf.plus(rf).plus(bias)).times(dCell),
);

function requireShapes(z: Tensor, r: Tensor, cell: Tensor): void {
  const [batch, size] = cell.shape;
  const wanted = [batch, 4 * (size ?? 0)].join();
  if (cell.rank !== 2 || z.shape.join() !== wanted || r.shape.join() !== wanted)
    throw new ShapeError({
      operation: 'lstmCell',
      expected: 'z and r of shape [B, 4·H], and a cell [B, H]',
      actual: [z, r, cell].map(({ shape }) => shapeText(shape)).join(', '),
    });
}
