import type { Node, Program } from '@funhash/formula';
import type { Language } from './language.ts';
import { uniformNames, type WordNotation } from './words.ts';

/**
 * Words where all arithmetic is of f32: two limbs of 16 bits, each a float. Every intermediate result is a whole
 * number below 2^24, or such a number times a power of two, so that nothing is ever rounded: factors of a product are
 * split once more, into bytes.
 */
export class LimbWords implements WordNotation {
  readonly #language: Language;
  readonly #program: Program;
  /** Bits of the low and the high limb that can be set. */
  readonly #widths = new Map<number, Widths>();

  constructor(program: Program, language: Language) {
    this.#program = program;
    this.#language = language;
  }

  write(node: Node): string[] {
    const { id } = node;
    const written = this.#halves(node);
    this.#widths.set(id, written.widths);
    return [
      ...(written.before ?? []),
      this.#language.constant(`l${id}`, written.low),
      this.#language.constant(`h${id}`, written.high),
    ];
  }

  asIndex(id: number): string {
    return this.asNumber(id);
  }

  asNumber(id: number): string {
    return `h${id} * 65536.0 + l${id}`;
  }

  asSign(id: number): string {
    return `1.0 - 2.0 * lowBits(l${id}, 2.0, 0.5)`;
  }

  asTruth(id: number): string {
    return `l${id} + h${id} > 0.0 ? 1.0 : 0.0`;
  }

  #halves({ id, op, args, value }: Node): Halves {
    const [a, b] = args.map((arg) => new Limbs(arg, this.#widths.get(arg) as Widths)) as [Limbs, Limbs];
    switch (op) {
      case 'row':
      case 'col':
        return { low: lowBits(op, 16), high: `floor(${op} * ${power(-16)})`, widths: [16, 8] };
      case 'word':
        return constant(value);
      case 'uniform': {
        const [low, high] = uniformNames(value);
        return { low, high, widths: [16, 16] };
      }
      case 'add':
        return {
          before: [this.#language.constant(`s${id}`, `${a.low} + ${b.low}`)],
          low: lowBits(`s${id}`, 16),
          high: lowBits(`(${a.high} + ${b.high} + floor(s${id} * ${power(-16)}))`, 16),
          widths: [16, 16],
        };
      case 'mul':
        return {
          low: sum(product('Low', a, 0, b, 0)),
          high: lowBits(
            `(${sum(product('High', a, 0, b, 0), product('Low', a, 0, b, 1), product('Low', a, 1, b, 0))})`,
            16,
          ),
          widths: [16, 16],
        };
      case 'and':
        return this.#bitwise(a, b, ([x, y], bits) => commonBits(x, y, bits), Math.min);
      case 'xor':
        return this.#bitwise(
          a,
          b,
          ([x, y], bits) => `${x} + ${y} - 2.0 * ${commonBits(x, y, bits)}`,
          Math.max,
        );
      case 'or':
        return this.#bitwise(a, b, ([x, y], bits) => `${x} + ${y} - ${commonBits(x, y, bits)}`, Math.max);
      case 'shl':
        return shifted(a, value, 'left');
      case 'shr':
        return shifted(a, value, 'right');
      case 'rotl':
        return rotated(a, value);
      case 'below':
        return this.#highWord(id, a, b);
      case 'div':
      case 'group':
        return this.#divided(a, this.#divisor(b, value), 'quotient');
      case 'rem':
      case 'lane':
        return this.#divided(a, this.#divisor(b, value), 'remainder');
      case 'equal':
        return truth(`(${a.low} == ${b.low} && ${a.high} == ${b.high}) ? 1.0 : 0.0`);
      default:
        return truth(
          `(${a.high} < ${b.high} || (${a.high} == ${b.high} && ${a.low} < ${b.low})) ? 1.0 : 0.0`,
        );
    }
  }

  #bitwise(
    a: Limbs,
    b: Limbs,
    write: (pair: readonly [string, string], bits: number) => string,
    width: (a: number, b: number) => number,
  ): Halves {
    const half = (k: 0 | 1): string => {
      const pair = [a, b].map((limbs) => (k === 0 ? limbs.low : limbs.high)) as [string, string];
      return write(pair, Math.min(a.widths[k], b.widths[k]));
    };
    return {
      low: half(0),
      high: half(1),
      widths: [width(a.widths[0], b.widths[0]), width(a.widths[1], b.widths[1])],
    };
  }

  // The high word of the 64 bits of a · b, from its four products of limbs.
  #highWord(id: number, a: Limbs, b: Limbs): Halves {
    const [middle, upper] = [`m${id}`, `s${id}`];
    const terms = [product('High', a, 0, b, 0), product('Low', a, 0, b, 1), product('Low', a, 1, b, 0)];
    const rest = [product('High', a, 0, b, 1), product('High', a, 1, b, 0), product('Low', a, 1, b, 1)];
    return {
      before: [
        this.#language.constant(middle, sum(...terms)),
        this.#language.constant(upper, sum(...rest, `floor(${middle} * ${power(-16)})`)),
      ],
      low: lowBits(upper, 16),
      high: sum(product('High', a, 1, b, 1), `floor(${upper} * ${power(-16)})`),
      widths: [16, 16],
    };
  }

  /** A divisor: a number where it is a constant. */
  #divisor(b: Limbs | undefined, immediate: number): Limbs | number {
    if (!b) return immediate;
    const { op, value } = this.#program.graph.at(b.id);
    return op === 'word' ? value : b;
  }

  #divided(a: Limbs, by: Limbs | number, result: 'quotient' | 'remainder'): Halves {
    if (by === 0) return constant(0);
    const bits = typeof by === 'number' ? Math.log2(by) : Number.NaN;
    if (Number.isInteger(bits) && bits < 32) {
      if (result === 'quotient') return shifted(a, bits, 'right');
      const kept = (of: string, count: number): string =>
        count <= 0 ? '0.0' : count >= 16 ? of : lowBits(of, count);
      return { low: kept(a.low, bits), high: kept(a.high, bits - 16), widths: widthsWithin(bits) };
    }
    if (typeof by === 'number' && by < 2 ** 15)
      return {
        before: [`divideByShort(${a.high}, ${a.low}, ${by}.0);`],
        low: `${result}Low`,
        high: `${result}High`,
        widths: [16, 16],
      };
    const divisor = typeof by === 'number' ? constant(by) : by;
    return {
      before: [`divide(${a.high}, ${a.low}, ${divisor.high}, ${divisor.low});`],
      low: `${result}Low`,
      high: `${result}High`,
      widths: [16, 16],
    };
  }
}

type Widths = readonly [low: number, high: number];

interface Halves {
  /** Lines that come first. */
  readonly before?: readonly string[];
  readonly low: string;
  readonly high: string;
  readonly widths: Widths;
}

class Limbs {
  readonly id: number;
  readonly low: string;
  readonly high: string;
  readonly widths: Widths;

  constructor(id: number, widths: Widths) {
    this.id = id;
    this.low = `l${id}`;
    this.high = `h${id}`;
    this.widths = widths;
  }
}

/** A half of the product of limbs x of a and y of b; limbs that are always 0 cost nothing. */
function product(half: 'Low' | 'High', a: Limbs, x: 0 | 1, b: Limbs, y: 0 | 1): string {
  if (a.widths[x] === 0 || b.widths[y] === 0) return '';
  return `product${half}(${x === 0 ? a.low : a.high}, ${y === 0 ? b.low : b.high})`;
}

const sum = (...terms: readonly string[]): string => terms.filter((term) => term !== '').join(' + ') || '0.0';

/** 2^exponent, as a literal that both languages read exactly. */
const power = (exponent: number): string => {
  const text = String(2 ** exponent);
  return /[.e]/.test(text) ? text : `${text}.0`;
};

/** x mod 2^bits. */
const lowBits = (x: string, bits: number): string => `lowBits(${x}, ${power(bits)}, ${power(-bits)})`;

const commonBits = (x: string, y: string, bits: number): string =>
  bits === 0 ? '0.0' : `commonBits${bits > 8 ? 16 : bits > 3 ? 8 : 3}(${x}, ${y})`;

const widthsWithin = (bits: number): Widths => [Math.min(16, bits), Math.max(0, Math.min(16, bits - 16))];

const bitsOf = (value: number): number => Math.ceil(Math.log2(value + 1));

function constant(value: number): Halves {
  const [low, high] = [value & 0xffff, value >>> 16];
  return { low: `${low}.0`, high: `${high}.0`, widths: [bitsOf(low), bitsOf(high)] };
}

const truth = (low: string): Halves => ({ low, high: '0.0', widths: [1, 0] });

function shifted({ low, high, widths }: Limbs, bits: number, to: 'left' | 'right'): Halves {
  const [ofLow, ofHigh] = widths;
  const most = ofHigh > 0 ? 16 + ofHigh : ofLow;
  if (bits === 0) return { low, high, widths };
  if (to === 'left') {
    const after = widthsWithin(Math.min(32, most + bits));
    if (bits >= 16) return { low: '0.0', high: lowPart(low, bits - 16), widths: [0, after[1]] };
    return {
      low: lowPart(low, bits),
      high: `${lowPart(high, bits)} + ${highPart(low, 16 - bits)}`,
      widths: after,
    };
  }
  const after = widthsWithin(Math.max(0, most - bits));
  if (bits >= 16) return { low: highPart(high, bits - 16), high: '0.0', widths: after };
  return {
    low: `${highPart(low, bits)} + ${lowPart(high, 16 - bits)}`,
    high: highPart(high, bits),
    widths: after,
  };
}

function rotated({ low, high }: Limbs, bits: number): Halves {
  const [first, second] = bits >= 16 ? [high, low] : [low, high];
  const rest = bits % 16;
  const joined = (left: string, right: string): string =>
    rest === 0 ? left : `${lowPart(left, rest)} + ${highPart(right, 16 - rest)}`;
  return { low: joined(first, second), high: joined(second, first), widths: [16, 16] };
}

/** A limb moved up, without what leaves it. */
const lowPart = (limb: string, bits: number): string =>
  bits === 0 ? limb : lowBits(`(${limb} * ${power(bits)})`, 16);

/** A limb moved down. */
const highPart = (limb: string, bits: number): string =>
  bits === 0 ? limb : bits >= 16 ? '0.0' : `floor(${limb} * ${power(-bits)})`;
