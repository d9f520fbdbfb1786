import { type Program, realMeaning } from '@funhash/formula';

/** Operations under which whole numbers stay whole. */
const wholeOps = new Set([
  'input',
  'scalar',
  'plus',
  'minus',
  'times',
  'maximum',
  'minimum',
  'negate',
  'abs',
  'sign',
  'floor',
  'relu',
  'ifPositive',
]);

const known = new WeakMap<Program, boolean>();

/** Whether a pointwise program gives whole numbers for whole numbers: such a one takes i32. */
export function isWhole(program: Program): boolean {
  let whole = known.get(program);
  if (whole === undefined) {
    whole = program.nodes.every(
      ({ op, value }) => wholeOps.has(op) || (op === 'real' && Number.isInteger(value)),
    );
    known.set(program, whole);
  }
  return whole;
}

/** The outputs of a whole program for the operands of one element. Sums are exact; products may be so modulo 2³². */
export function evaluateWhole(
  { nodes, outputs }: Program,
  input: (slot: number) => number,
  scalars: readonly number[],
): number[] {
  const values: number[] = [];
  for (const { id, op, args, value } of nodes) {
    const [a = 0, b = 0, c = 0] = args.map((arg) => values[arg] as number);
    values[id] =
      op === 'input'
        ? input(value)
        : op === 'scalar'
          ? (scalars[value] as number)
          : op === 'real'
            ? value
            : op === 'times'
              ? product(a, b)
              : op === 'ifPositive'
                ? a > 0
                  ? b
                  : c
                : realMeaning[op as 'plus'](a, b);
  }
  return outputs.map((id) => values[id] as number);
}

// Beyond 2^53 the last bits would be lost.
const product = (a: number, b: number): number =>
  Math.abs(a * b) <= Number.MAX_SAFE_INTEGER ? a * b : Math.imul(a, b);
