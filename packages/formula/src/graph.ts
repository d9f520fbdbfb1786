import { ArgumentError } from '@funhash/hashing';

/**
 * The expression graph behind every weight formula, pointwise op and optimiser rule: an append-only arena of nodes,
 * hash-consed so that an expression written twice is one node. A node's arguments always have smaller ids than the
 * node, so increasing ids are a topological order.
 *
 * Two types. A word is an exact unsigned 32-bit value and never depends on a real; only reals carry gradients.
 */

/** Operations that yield a word. Shifts, `group` and `lane` take their constant from `Node.value`. */
export type WordOp =
  | 'row' // row of the virtual entry
  | 'col' // column of the virtual entry
  | 'word' // constant: value
  | 'uniform' // run-time word, the same for all entries: slot = value
  | 'add'
  | 'mul'
  | 'xor'
  | 'and'
  | 'or'
  | 'shl'
  | 'shr'
  | 'rotl'
  | 'below' // (h, n) → floor(h·n / 2^32): the high word of h·n
  | 'div' // by zero: 0
  | 'rem' // by zero: 0
  | 'group' // floor(a / value)
  | 'lane' // a mod value; with `group` the proof that neighbours lie side by side
  | 'equal' // 1 or 0
  | 'less'; // unsigned; 1 or 0

/** Operations that yield a real, of the precision of the evaluation. */
export type RealOp =
  | 'real' // constant: value
  | 'scalar' // run-time real, the same for all entries: slot = value
  | 'input' // the operand's value at this entry: slot = value
  | 'at' // stored value: slot = value, argument: index word
  | 'asSign' // bit 0 of a word: 0 → +1, 1 → −1
  | 'asReal' // a word as a number 0 … 2^32 − 1
  | 'plus'
  | 'minus'
  | 'times'
  | 'over'
  | 'maximum'
  | 'minimum'
  | 'negate'
  | 'tanh'
  | 'sech' // 1 / cosh
  | 'gatedBy' // (a, z) → a·σ(z), the logistic function of z
  | 'relu'
  | 'exp'
  | 'expm1' // e^a − 1
  | 'log'
  | 'log1p' // log (1 + a)
  | 'sqrt'
  | 'sin'
  | 'cos'
  | 'abs'
  | 'sign' // −1, 0 or +1
  | 'floor'
  | 'ifPositive' // (x, a, b) → x > 0 ? a : b
  | 'surrogate' // (a, b) → a, with the derivative of b
  | 'select'; // (word, a, b) → word ≠ 0 ? a : b

export type NodeOp = WordOp | RealOp;

export interface Node {
  readonly id: number;
  readonly op: NodeOp;
  readonly type: 'word' | 'real';
  readonly args: readonly number[];
  /** Constant, slot or immediate; 0 where the operation has none. */
  readonly value: number;
}

const wordOps: ReadonlySet<NodeOp> = new Set<NodeOp>([
  'row',
  'col',
  'word',
  'uniform',
  'add',
  'mul',
  'xor',
  'and',
  'or',
  'shl',
  'shr',
  'rotl',
  'below',
  'div',
  'rem',
  'group',
  'lane',
  'equal',
  'less',
]);

export class Graph {
  readonly nodes: Node[] = [];
  readonly #known = new Map<string, number>();

  /** The id of a node, made if it is new. */
  node(op: NodeOp, args: readonly number[] = [], value = 0): number {
    const key = `${op}|${args.join()}|${Object.is(value, -0) ? '-0' : value}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.nodes.length;
    for (const arg of args) {
      if (arg >= id || arg < 0)
        throw new ArgumentError({
          operation: `formula ${op}`,
          expected: 'operands of the same formula',
          actual: `node ${arg} of another graph`,
          remedy: 'Build the whole expression from the arguments of one call.',
        });
    }
    const type = wordOps.has(op) ? 'word' : 'real';
    this.nodes.push({ id, op, type, args, value });
    this.#known.set(key, id);
    return id;
  }

  at(id: number): Node {
    return this.nodes[id] as Node;
  }

  /** Throws unless an operand belongs to this graph: its id would name another node here. */
  requireOwn({ graph }: { readonly graph: Graph }): void {
    if (graph !== this)
      throw new ArgumentError({
        operation: 'formula',
        expected: 'operands of the same formula',
        actual: 'an expression of another graph',
        remedy: 'Build the whole expression from the arguments of one call.',
      });
  }
}
