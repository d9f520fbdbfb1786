import { abs, add, divide, log, multiply, sqrt, square, subtract, sum } from '@funhash/autodiff';
import { updateUnits } from '@funhash/codec/update';
import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import type { Module } from '@funhash/layers';
import { Parameter } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import type { Penalty, PenaltyPass } from './penalty.ts';

export const updatePenaltyRules = {
  /** λ, what the term is multiplied by. */
  weight: option.required(option.real({ least: 0 })),
  /**
   * The term of the difference δ of all values: `l1` is ‖δ‖₁; `compressibility` is ‖δ‖₁ / ‖δ‖₂ + γ ‖δ‖₂² / ‖δ‖₁ (Lam et al. 2019),
   * which does not change with the size of δ but for γ; `rate` is Σ log₂(1 + |δ| / step), about what codes for whole numbers take for
   * the sizes of δ in steps: each value is pulled to 0 the less the larger it is. Default `l1`.
   */
  objective: option.oneOf(['l1', 'compressibility', 'rate']),
  /** The step of `rate`, in the same units as δ. Default 1/4. */
  step: option.positive(),
  /** γ of `compressibility`. Default 1. */
  gamma: option.real({ least: 0 }),
} as const;

/** A penalty on what tuning changes; see the fields. */
export type UpdatePenaltyOptions = OptionsOf<typeof updatePenaltyRules>;

/** What keeps quotients of norms finite where nothing has changed. */
const small = 1e-12;

/**
 * A penalty on how far a network goes from where it starts, so that its update (`encodeUpdate` of `@funhash/codec/update`) has
 * few values besides 0. Differences count in units of each tensor's root mean square, as steps of updates do.
 *
 *     await fit({ model, data, penalty: updatePenalty(model, { weight: 1e-3 }), … });
 *
 * Source of `compressibility`: Lam et al. 2019 (arXiv:1905.04079), the first term Aytekin et al. 2019 (arXiv:1905.01044). Of `rate`:
 * the penalty by logarithms of Candès, Wakin and Boyd 2008 (arXiv:0711.1612).
 *
 * @param model as it is before it is tuned: its values now are the base
 * @throws ArgumentError for unknown options
 */
export function updatePenalty(model: Module, options: UpdatePenaltyOptions): Penalty {
  checkOptions('updatePenalty', updatePenaltyRules, options);
  const { weight, objective = 'l1', gamma = 1, step = 1 / 4 } = options;
  const values = new Map(
    [...model.namedParameters()].map(([name, { value }]) => {
      const data = value.dataSync().slice() as Float32Array | Float64Array;
      return [name, { shape: value.shape, data }];
    }),
  );
  // Both are buffers: what resumes a run may start from another model.
  const buffers = new Map(
    [...values].map(([name, { shape, data }]) => [name, Parameter.of(name, data, shape)]),
  );
  for (const [name, unit] of updateUnits(values)) {
    const isWide = values.get(name)?.data instanceof Float64Array;
    const own = `${name} unit`;
    buffers.set(own, Parameter.of(own, (isWide ? Float64Array : Float32Array).of(unit), [1]));
  }
  const deltas = ({ parameters }: PenaltyPass): Tensor[] =>
    [...parameters].flatMap(([name, value]) => {
      const [from, unit] = [buffers.get(name), buffers.get(`${name} unit`)];
      return from && unit ? [divide(subtract(value, from.value), unit.value)] : [];
    });
  const total = (parts: readonly Tensor[]): Tensor => parts.reduce((a, b) => add(a, b));
  return {
    name: 'updatePenalty',
    options: {
      weight,
      objective,
      ...(objective === 'compressibility' && { gamma }),
      ...(objective === 'rate' && { step }),
    },
    loss: (pass) => {
      const parts = deltas(pass);
      if (objective === 'rate') {
        const nats = total(parts.map((delta) => sum(log(add(divide(abs(delta), step), 1)))));
        return multiply(nats, weight / Math.LN2);
      }
      const absolute = total(parts.map((delta) => sum(abs(delta))));
      if (objective === 'l1') return multiply(absolute, weight);
      const squares = total(parts.map((delta) => sum(square(delta))));
      const first = divide(absolute, sqrt(add(squares, small)));
      const second = divide(squares, add(absolute, small));
      return multiply(add(first, multiply(second, gamma)), weight);
    },
    namedBuffers: () => buffers,
  };
}
