import type { Type } from './binary.ts';

/** Tokens of the C that is compiled. */
export const tokens =
  /\s*(0x[\da-fA-F]+u?|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?[fu]?|\w+|<<=|>>=|\+\+|[-+*/|&^]=|==|!=|<=|>=|<<|>>|&&|\|\||[-+*/%<>=!&|^?:;,(){}[\]])/gy;

/** Types by their names in C. */
export const typeNames: Readonly<Record<string, Type>> = {
  int: 'int',
  int32_t: 'int',
  uint32_t: 'uint',
  uint64_t: 'long',
  float: 'float',
  lanes: 'lanes',
};

/** Binding powers of operators of two operands. */
export const powers: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};

/** Instructions of operators, by the type of their operands. */
export const codes: Readonly<Record<string, Readonly<Partial<Record<Type, readonly number[]>>>>> = {
  '||': { int: [0x72] },
  '&&': { int: [0x71] },
  '|': { int: [0x72], uint: [0x72] },
  '^': { int: [0x73], uint: [0x73] },
  '&': { int: [0x71], uint: [0x71] },
  '==': { int: [0x46], uint: [0x46], float: [0x5b] },
  '!=': { int: [0x47], uint: [0x47], float: [0x5c] },
  '<': { int: [0x48], uint: [0x49], float: [0x5d] },
  '>': { int: [0x4a], uint: [0x4b], float: [0x5e] },
  '<=': { int: [0x4c], uint: [0x4d], float: [0x5f] },
  '>=': { int: [0x4e], uint: [0x4f], float: [0x60] },
  '<<': { int: [0x74], uint: [0x74], long: [0x86] },
  '>>': { int: [0x75], uint: [0x76], long: [0x88] },
  '+': { int: [0x6a], uint: [0x6a], float: [0x92], long: [0x7c], lanes: [0xfd, 0xe4, 1] },
  '-': { int: [0x6b], uint: [0x6b], float: [0x93], long: [0x7d] },
  '*': { int: [0x6c], uint: [0x6c], float: [0x94], long: [0x7e], lanes: [0xfd, 0xe6, 1] },
  '/': { int: [0x6d], uint: [0x6e], float: [0x95] },
  '%': { int: [0x6f], uint: [0x70] },
};

/** Operators whose result is a condition. */
export const comparisons = new Set(['==', '!=', '<', '>', '<=', '>=', '&&', '||']);

/** Functions of one value that are instructions. */
export const instructions: Readonly<
  Record<string, { readonly of: Type; readonly type: Type; readonly code: readonly number[] }>
> = {
  sqrtf: { of: 'float', type: 'float', code: [0x91] },
  fabsf: { of: 'float', type: 'float', code: [0x8b] },
  floorf: { of: 'float', type: 'float', code: [0x8e] },
  ones: { of: 'int', type: 'int', code: [0x69] },
  bits: { of: 'float', type: 'int', code: [0xbc] },
  ofBits: { of: 'int', type: 'float', code: [0xbe] },
  splat: { of: 'float', type: 'lanes', code: [0xfd, 0x13] },
};

/** Instructions that make one type of another: `int float`. */
export const conversions: Readonly<Record<string, readonly number[]>> = {
  'int float': [0xb2],
  'uint float': [0xb3],
  'float int': [0xfc, 0],
  'float uint': [0xfc, 1],
  'uint long': [0xad],
  'int long': [0xad],
  'long uint': [0xa7],
  'long int': [0xa7],
};

const ranks: readonly Type[] = ['int', 'uint', 'long', 'float', 'lanes'];

/** The type that two operands are brought to. */
export const common = (a: Type, b: Type): Type => ranks[Math.max(ranks.indexOf(a), ranks.indexOf(b))] as Type;
