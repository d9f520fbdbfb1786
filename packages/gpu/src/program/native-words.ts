import type { Node } from '@funhash/formula';
import { uniformNames, type WordNotation } from './words.ts';

const binary: Readonly<Record<string, string>> = { add: '+', mul: '*', xor: '^', and: '&', or: '|' };

/** Words as the unsigned integers of GLSL ES 3.00. */
export class NativeWords implements WordNotation {
  /** The high word of a product, of its four products of halves. */
  static readonly prelude = `uint highWord(uint a, uint b) {
  uint al = a & 65535u; uint ah = a >> 16u; uint bl = b & 65535u; uint bh = b >> 16u;
  uint middle = ((al * bl) >> 16u) + ((al * bh) & 65535u) + ((ah * bl) & 65535u);
  return ah * bh + ((al * bh) >> 16u) + ((ah * bl) >> 16u) + (middle >> 16u);
}`;

  write({ id, op, args, value }: Node): string[] {
    const [a, b] = args.map((arg) => `w${arg}`) as [string, string];
    return [`uint w${id} = ${this.#expression(op, a, b, value)};`];
  }

  #expression(op: Node['op'], a: string, b: string, value: number): string {
    const infix = binary[op];
    if (infix) return `${a} ${infix} ${b}`;
    const [low, high] = uniformNames(value);
    switch (op) {
      case 'row':
      case 'col':
        return `uint(${op})`;
      case 'word':
        return `${value}u`;
      case 'uniform':
        return `uint(${low}) | (uint(${high}) << 16u)`;
      case 'shl':
        return `${a} << ${value}u`;
      case 'shr':
        return `${a} >> ${value}u`;
      case 'rotl':
        return `(${a} << ${value}u) | (${a} >> ${(32 - value) & 31}u)`;
      case 'below':
        return `highWord(${a}, ${b})`;
      case 'div':
        return `${b} == 0u ? 0u : ${a} / max(${b}, 1u)`;
      case 'rem':
        return `${b} == 0u ? 0u : ${a} % max(${b}, 1u)`;
      case 'group':
        return `${a} / ${value}u`;
      case 'lane':
        return `${a} % ${value}u`;
      case 'equal':
        return `${a} == ${b} ? 1u : 0u`;
      default:
        return `${a} < ${b} ? 1u : 0u`;
    }
  }

  asNumber(id: number): string {
    return `float(w${id} >> 16u) * 65536.0 + float(w${id} & 65535u)`;
  }

  asSign(id: number): string {
    return `(w${id} & 1u) == 0u ? 1.0 : -1.0`;
  }

  asTruth(id: number): string {
    return `w${id} == 0u ? 0.0 : 1.0`;
  }
}
