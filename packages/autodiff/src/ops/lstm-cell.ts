import { adjoint, type Program, type Real, tracePointwise } from '@funhash/formula';
import { requireTensor, runMap, ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { record } from '../tape.ts';
import { applyPrograms, elementwise } from './pointwise.ts';
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
 * The gates are found again from z and r for the gradient, nothing else is kept.
 *
 * Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
 *
 * @param z [B, 4·H]
 * @param r [B, 4·H]
 * @param cell c [B, H]
 */
export function lstmCell(z: Tensor, r: Tensor, cell: Tensor, forgetBias = 0): LstmState {
  requireTensor('lstmCell', z, 'z');
  requireTensor('lstmCell', r, 'r');
  requireTensor('lstmCell', cell, 'cell');
  requireShapes(z, r, cell);
  const { step, gradient } = lstmPrograms();
  const [hidden, next] = runMap('lstm cell', step, [...summands(z, r).flat(), cell], [forgetBias]) as [
    Tensor,
    Tensor,
  ];
  record([z, r, cell], [hidden, next], (cotangents) => {
    const read = [...summands(z, r).flat(), cell, ...cotangents];
    const slopes = applyPrograms('lstm cell gradient', gradient, read, [forgetBias]);
    const dSums = concat(slopes.slice(0, 4), 1);
    return [dSums, dSums, slopes[4]];
  });
  return { hidden, cell: next };
}

/** The gates of a step by themselves, [B, H] each, for looking at them. */
export function lstmGates(z: Tensor, r: Tensor, forgetBias = 0): LstmGates {
  requireTensor('lstmGates', z, 'z');
  requireTensor('lstmGates', r, 'r');
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

const gate = elementwise('lstm gate', (z, r, bias) => z.plus(r).plus(bias).logistic());
const candidateGate = elementwise('lstm gate', (z, r) => z.plus(r).tanh());

let programs: { readonly step: Program; readonly gradient: Program } | undefined;

/** A step as one program, z and r of each gate and c → h and c′, and the gradients of the four sums and of c. */
function lstmPrograms() {
  if (programs) return programs;
  const step = tracePointwise(9, 1, ([zi, ri, zf, rf, zg, rg, zo, ro, c], [bias]) => {
    const sum = (z: Real | undefined, r: Real | undefined): Real => (z as Real).plus(r as Real);
    const forget = sum(zf, rf).plus(bias as Real);
    const next = (c as Real).gatedBy(forget).plus(sum(zg, rg).tanh().gatedBy(sum(zi, ri)));
    return [next.tanh().gatedBy(sum(zo, ro)), next];
  });
  const whole = adjoint(step);
  // z and r of a gate have the same gradient.
  programs = { step, gradient: whole.only([0, 2, 4, 6, 8].map((slot) => whole.outputs[slot] as number)) };
  return programs;
}

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
