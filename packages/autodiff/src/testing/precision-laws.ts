import { checkOptions, type OptionsOf, option, random } from '@funhash/hashing';
import { type Law, LawError } from '@funhash/hashing/testing';
import { scope, type Tensor, tensor } from '@funhash/tensor';
import { gradientsOf } from '../grad.ts';
import { seedOption } from '../ops/option-rules.ts';
import { sum } from '../ops/reduce.ts';

const rules = {
  /** Smallest operand. Default −1e6. */
  low: option.real(),
  /** Largest operand. Default 1e6. */
  high: option.real(),
  /** Largest error of a value and of a derivative, relative to it. Default 2e-6. */
  tolerance: option.real({ least: 0 }),
  /**
   * Error that is allowed besides: what so many units in the last place of the operand would change. Default 0. Needed
   * where a value or derivative passes through 0 or comes from a rounded intermediate, as an argument of exp.
   */
  units: option.real({ least: 0 }),
  /** Size from which a result must have its digits: smaller ones may be 0. Default 2^−126, the least normal number. */
  least: option.real({ least: 0 }),
  /** Whether infinite operands must give the limits. Default true. */
  limits: option.flag(),
  /** Operands besides the special ones. Default 6000. */
  points: option.count(),
  /** Seed of the operands. Default 1. */
  seed: seedOption(),
};

/** Options of `precisionLaws`. */
export type PrecisionLawOptions = OptionsOf<typeof rules>;

/** The largest f32. */
const most = 2 ** 128 * (1 - 2 ** -24);
const unit = 2 ** -23;

/**
 * The laws of the f32 arithmetic of a pointwise op on the default backend, against the same op in f64: its value and
 * its derivative have a small relative error wherever they are normal numbers, over operands of all magnitudes; finite
 * operands give finite results where f64 does; infinite ones give the limits.
 *
 *     for (const law of precisionLaws('swish', swish)) test(law.name, law.check);
 *
 * @param op of one tensor, element by element
 */
export function precisionLaws(
  name: string,
  op: (x: Tensor) => Tensor,
  options: PrecisionLawOptions = {},
): Law[] {
  checkOptions('precisionLaws', rules, options);
  const { low = -1e6, high = 1e6, limits = true, points = 6000, seed = 1 } = options;
  const { tolerance = 2e-6, units = 0, least = 2 ** -126 } = options;
  const slope = (x: Tensor): Tensor => gradientsOf(() => sum(op(x)), [x])[1][0] as Tensor;
  const law = (what: string, f: (x: Tensor) => Tensor): Law => ({
    name: `${name}: ${what} in f32 has the digits of f64`,
    check: async () => {
      const x = operandsWithin(low, high, points, seed);
      const exact = Float64Array.from(x);
      const [got, want] = [await values(f, x), await values(f, exact)];
      const change = await values((at) => gradientsOf(() => sum(f(at)), [at])[1][0] as Tensor, exact);
      x.forEach((at, i) => {
        const expected = want[i] as number;
        const ofOperand = units > 0 ? Math.abs(units * unit * at * (change[i] as number)) : 0;
        const error = tolerance * Math.abs(expected) + ofOperand + least;
        requireNear(`${name}: ${what} at ${at}`, got[i] as number, expected, error);
      });
    },
  });
  const laws = [law('the value', op), law('the derivative', slope)];
  if (!limits) return laws;
  const check = async (): Promise<void> => {
    const ends = [low < 0 ? -1 : 0, high > 0 ? 1 : 0].filter((sign) => sign !== 0);
    for (const f of [op, slope]) {
      const got = await values(
        f,
        Float32Array.from(ends, (sign) => sign / 0),
      );
      const there = await values(
        f,
        Float64Array.from(ends, (sign) => sign / 0),
      );
      const nearby = await values(
        f,
        Float64Array.from(ends, (sign) => sign * 1e300),
      );
      ends.forEach((sign, i) => {
        const want = (Number.isNaN(there[i]) ? nearby : there)[i] as number;
        requireNear(`${name} at ${sign / 0}`, got[i] as number, want, tolerance * Math.abs(want) + least);
      });
    }
  };
  return [...laws, { name: `${name}: infinite operands give the limits`, check }];
}

/** What a function of a tensor gives, also on a backend whose memory scripts do not see. */
async function values(f: (x: Tensor) => Tensor, x: Float32Array | Float64Array): Promise<ArrayLike<number>> {
  const y = scope(() => f(tensor(x)));
  try {
    return await y.data();
  } finally {
    y.dispose();
  }
}

/** Operands of every magnitude from 1e-12 on, and evenly where exponentials over- and underflow. */
function operandsWithin(low: number, high: number, points: number, seed: number): Float32Array {
  const draw = random(seed);
  const made = [0, 1e-30, 1, 1e6, -1e-30, -1, -1e6, 1e20, -1e20].filter(
    (x) => Math.abs(x) < 1e7 || high > 1e7,
  );
  for (let k = 0; k < points; k++) {
    const sign = draw.uniform() < 0.5 ? -1 : 1;
    const size = k % 2 === 0 ? 10 ** (18 * draw.uniform() - 12) : 110 * draw.uniform();
    made.push(sign * size);
  }
  return Float32Array.from(made).filter((x) => x >= low && x <= high);
}

function requireNear(operation: string, got: number, want: number, error: number): void {
  if (Number.isNaN(want)) return;
  const isRight =
    Math.abs(want) > most ? got * Math.sign(want) >= most * (1 - unit) : Math.abs(got - want) <= error;
  if (!isRight) throw new LawError({ operation, expected: `${want} within ${error}`, actual: String(got) });
}
