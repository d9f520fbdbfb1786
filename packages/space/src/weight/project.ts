import { reshape } from '@funhash/autodiff';
import { ArgumentError, checkArgument, checkOptions, option } from '@funhash/hashing';
import {
  empty,
  referenceBackend,
  requireTensor,
  runFoldRows,
  runVirtualRows,
  type Shape,
  scope,
  type Tensor,
  type TypedArray,
  tensor,
} from '@funhash/tensor';
import { finiteValues } from '../linear-algebra/finite-values.ts';
import { operandOf, tangentMatrix, type VirtualMatrix } from '../ops/virtual-matrix.ts';
import type { Parameter } from './parameter.ts';
import { type Weight, weightRule } from './weight.ts';

export interface ProjectOptions {
  /**
   * Most outer steps for a scheme that is not linear in its values. Default 30; 0 for a scheme that has a fit in closed
   * form, which comes first: `lowRank` and `kronecker` are at their best by it, tensor trains and operators near it.
   */
  readonly steps?: number;
  /** Most iterations of each least-squares solution. Default 200. */
  readonly iterations?: number;
}

export interface Projection {
  /** ‖V − target‖ / ‖target‖ before and after, Frobenius norms. */
  readonly errorBefore: number;
  readonly errorAfter: number;
}

const rules = { steps: option.integer(), iterations: option.integer() };

type Values = readonly Float64Array[];

/**
 * Fits the stored values of a weight to a given matrix, in f64: in closed form where the scheme has one; the
 * least-squares solution where it is linear in its values; else by damped Gauss–Newton steps from the present values.
 * Never ends worse than it began.
 *
 * @param target [rows, cols]
 * @throws ArgumentError for a target of another shape, or not finite; OptionError for an unknown option
 */
export function project(weight: Weight, target: Tensor, options: ProjectOptions = {}): Projection {
  checkArgument('project', 'weight', weightRule, weight);
  requireTensor('project', target, 'target');
  checkOptions('project', rules, options);
  const { rows, cols, definition } = weight;
  if (target.shape.join() !== `${rows},${cols}`)
    throw new ArgumentError({
      operation: 'project',
      expected: `a target of shape [${rows}, ${cols}]`,
      actual: String(target),
    });
  const start = weight.parameters.map(({ value }) => Float64Array.from(value.dataSync()));
  const wanted = Float64Array.from(finiteValues('project', target));
  const problem = new Fit(weight, wanted);
  const { steps = definition.fit ? 0 : problem.isLinear ? 1 : 30, iterations = 200 } = options;
  const squaredBefore = problem.squaredError(start);
  const closed = problem.closedForm(start);
  const nearer = closed && problem.squaredError(closed) < squaredBefore ? closed : start;
  // Rounded as they will be stored: rounding must not undo what little a fit may have gained.
  const fitted = problem
    .search(nearer, steps, iterations)
    .map((values, k) => roundedLike((weight.parameters[k] as Parameter).value, values));
  const norm = Math.sqrt(squaredNorm([wanted])) || 1;
  const errorBefore = Math.sqrt(squaredBefore) / norm;
  const errorAfter = Math.sqrt(problem.squaredError(fitted)) / norm;
  if (errorAfter >= errorBefore) return { errorBefore, errorAfter: errorBefore };
  weight.parameters.forEach((parameter, k) => {
    const { shape, dtype } = parameter.value;
    scope(() => parameter.assign(tensor(fitted[k] as Float64Array, shape, { dtype })));
  });
  return { errorBefore, errorAfter };
}

/** min ‖V(w) − target‖², through V, its derivative J and Jᵀ as the formula gives them. */
class Fit {
  readonly #target: Float64Array;
  readonly #weight: Weight;

  constructor(weight: Weight, target: Float64Array) {
    this.#weight = weight;
    this.#target = target;
  }

  get isLinear(): boolean {
    return this.#v.formula.isLinear;
  }

  // Long sums are slow to trace: only where a search needs the formula.
  get #v(): VirtualMatrix {
    return { ...this.#weight.virtual, decoded: undefined };
  }

  closedForm(start: Values): Values | undefined {
    const { definition, options, rows, cols, arrayNames } = this.#weight;
    const present = Object.fromEntries(arrayNames.map((name, k) => [name, start[k] as Float64Array]));
    const request = { rows, cols, options, target: this.#target, present };
    const found = definition.fit?.(request);
    return (
      found &&
      arrayNames.map((name, k) => {
        const [values, wanted] = [found[name], (start[k] as Float64Array).length];
        if (values?.length === wanted) return values;
        throw new ArgumentError({
          operation: definition.kind,
          expected: `${wanted} fitted values for ${name}`,
          actual: String(values?.length ?? 'none'),
        });
      })
    );
  }

  squaredError(values: Values): number {
    return squaredNorm([this.#residual(values)]);
  }

  search(start: Values, steps: number, iterations: number): Values {
    if (steps === 0) return start;
    let best = start;
    let error = this.squaredError(best);
    let damping = this.#v.formula.isLinear ? 0 : 1e-3;
    for (let step = 0; step < steps && error > 0; step++) {
      const moved = plus(best, this.#leastSquares(best, damping, iterations));
      const movedError = this.squaredError(moved);
      if (movedError < error) {
        const gain = (error - movedError) / error;
        [best, error, damping] = [moved, movedError, damping / 4];
        if (gain < 1e-9) break;
      } else damping = damping * 8 + 1e-9;
    }
    return best;
  }

  // CGLS: conjugate gradients on (JᵀJ + shift·1) d = Jᵀr without forming JᵀJ.
  #leastSquares(at: Values, damping: number, iterations: number): Values {
    let residual = this.#residual(at);
    let solution: Values = at.map((values) => new Float64Array(values.length));
    let slope = this.#adjoint(at, residual);
    let direction = slope;
    let size = squaredNorm(slope);
    const enough = size * 1e-24;
    // Damping is relative to the curvature along the first slope.
    const curvature = size === 0 ? 0 : squaredNorm([this.#derivative(at, slope)]) / size;
    const shift = damping * curvature;
    for (let k = 0; k < iterations && size > enough; k++) {
      const image = this.#derivative(at, direction);
      const step = size / (squaredNorm([image]) + shift * squaredNorm(direction));
      solution = plus(solution, direction, step);
      residual = (plus([residual], [image], -step) as [Float64Array])[0];
      slope = plus(this.#adjoint(at, residual), solution, -shift);
      const next = squaredNorm(slope);
      direction = plus(slope, direction, next / size);
      size = next;
    }
    return solution;
  }

  #residual(values: Values): Float64Array {
    const decoded = this.#run((stored) => this.#decode(stored), values);
    return this.#target.map((wanted, k) => wanted - (decoded[k] as number));
  }

  // By products where a scheme has them: a formula of long sums is evaluated entry by entry.
  #decode(stored: readonly Tensor[]): Tensor {
    const { definition, options, rows, cols, scale, arrayNames, parameters } = this.#weight;
    if (!definition.rowsAt) return runVirtualRows(operandOf({ ...this.#v, stored }), null);
    const shaped = parameters.map(({ value }, k) => reshape(stored[k] as Tensor, value.shape));
    const named = Object.fromEntries(arrayNames.map((name, k) => [name, shaped[k] as Tensor]));
    return definition.rowsAt(named, { rows, cols, options, scale, ids: undefined });
  }

  #derivative(at: Values, direction: Values): Float64Array {
    return this.#run(
      (stored) => {
        const half = stored.length / 2;
        const v = { ...this.#v, stored: stored.slice(0, half) };
        return runVirtualRows(operandOf(tangentMatrix(v, stored.slice(half))), null);
      },
      [...at, ...direction],
    );
  }

  #adjoint(at: Values, cotangent: Float64Array): Values {
    const { rows, cols, formula } = this.#v;
    return scope(() => {
      const stored = at.map((values) => exact(values));
      const folded = runFoldRows(
        exact(cotangent, [rows, cols]),
        null,
        operandOf({ ...this.#v, stored }),
        formula.adjoint,
      );
      return folded.map((gradient) => gradient.dataSync() as Float64Array);
    });
  }

  #run(decode: (stored: readonly Tensor[]) => Tensor, values: Values): Float64Array {
    return scope(() => decode(values.map((array) => exact(array))).dataSync()) as Float64Array;
  }
}

/** f64 is computed on the reference, whatever the backend: by design, not for want of a kernel. */
function exact(values: Float64Array, shape: Shape = [values.length]): Tensor {
  const made = empty(shape, 'f64', referenceBackend);
  made.backend.upload(made.buffer, values);
  return made;
}

function roundedLike({ dtype }: Tensor, values: Float64Array): Float64Array {
  return dtype === 'f32' ? values.map(Math.fround) : values;
}

function plus(a: Values, b: Values, factor = 1): Values {
  return a.map((values, k) => values.map((x, i) => x + factor * ((b[k] as Float64Array)[i] as number)));
}

function squaredNorm(values: readonly TypedArray[]): number {
  let sum = 0;
  for (const array of values) for (const x of array) sum += x * x;
  return sum;
}
