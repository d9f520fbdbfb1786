import { type Node, type Program, wordMeaning } from '@funhash/formula';

const most32 = 0xffffffff;
/** The largest number with as many bits. */
const filled = (value: number): number => 2 ** Math.ceil(Math.log2(value + 1)) - 1;
const within = (value: number): number => Math.min(value, most32);

/** What bounds the words of a formula. */
export interface Bounds {
  readonly rows: number;
  readonly cols: number;
  readonly uniforms: readonly number[];
}

/** An upper bound of each of the words `ids` over all entries of a matrix. */
export function largestWords(program: Program, ids: readonly number[], bounds: Bounds): number[] {
  const largest = new Map<number, number>();
  for (const node of program.nodes)
    if (node.type === 'word') largest.set(node.id, largestOf(program, node, bounds, largest));
  return ids.map((id) => largest.get(id) as number);
}

function largestOf(
  program: Program,
  { id, op, args, value }: Node,
  { rows, cols, uniforms }: Bounds,
  largest: ReadonlyMap<number, number>,
): number {
  // What neither row nor column changes is known exactly.
  const meaning = wordMeaning[op as keyof typeof wordMeaning];
  if (meaning && program.extentOf(id) === 0) {
    const [a = 0, b = value] = args.map((arg) => largest.get(arg) as number);
    return meaning(a, b);
  }
  const { graph } = program;
  const of = (k: number): number => largest.get(args[k] as number) as number;
  // A divisor bounds from below only where it is the same for all entries.
  const divisor = (): number => {
    const { op: kind } = graph.at(args[1] as number);
    return kind === 'word' || kind === 'uniform' ? of(1) : 1;
  };
  switch (op) {
    case 'row':
      return Math.max(0, rows - 1);
    case 'col':
      return Math.max(0, cols - 1);
    case 'word':
      return value;
    case 'uniform':
      return (uniforms[value] as number) >>> 0;
    case 'add':
      return within(of(0) + of(1));
    case 'mul':
      return within(of(0) * of(1));
    case 'xor':
    case 'or':
      return filled(Math.max(of(0), of(1)));
    case 'and':
      return Math.min(of(0), of(1));
    case 'shl':
      return within(of(0) * 2 ** value);
    case 'shr':
      return Math.floor(of(0) / 2 ** value);
    case 'below':
      return Math.min(of(0), Math.max(0, of(1) - 1));
    case 'div':
      return divisor() === 0 ? 0 : Math.floor(of(0) / divisor());
    case 'rem':
      return Math.min(of(0), Math.max(0, of(1) - 1));
    case 'group':
      return Math.floor(of(0) / value);
    case 'lane':
      return Math.min(of(0), value - 1);
    case 'equal':
    case 'less':
      return 1;
    default:
      return most32;
  }
}
