import type { Graph, Node, Program } from '@funhash/formula';

/**
 * Along the lanes of a strip (eight neighbours, the first a multiple of eight): 0 the same for all strips, 1 the same
 * within a strip, 2 different by lane. Along the steps: 0 the same for all steps, 1 the same within an aligned block
 * of unrolled steps, 2 different by step.
 */
export type Degree = 0 | 1 | 2;

export interface Degrees {
  readonly lane: Degree;
  readonly step: Degree;
}

export const stripLanes = 8;

/** How the values of a program's nodes vary when one axis runs along the lanes and the other along the steps. */
export interface Axes {
  /** The coordinate that differs by lane; the other differs by step. */
  readonly lanes: 'row' | 'col';
  /** Steps in a block: the first step of a block is a multiple of it; infinite where steps are listed, not counted. */
  readonly unroll: number;
  readonly input: (slot: number) => Degrees;
}

/** What a node's value varies with: what is computed outside of which loop follows from it. */
export class Dependence {
  readonly #graph: Graph;
  readonly #axes: Axes;
  readonly #degrees = new Map<number, Degrees>();
  readonly #strides = new Map<number, Strides>();

  constructor(program: Program, axes: Axes) {
    this.#graph = program.graph;
    this.#axes = axes;
    for (const node of program.nodes) {
      this.#degrees.set(node.id, this.#degreesOf(node));
      this.#strides.set(node.id, this.#stridesOf(node));
    }
  }

  of(id: number): Degrees {
    return this.#degrees.get(id) as Degrees;
  }

  /** s where a word is (its value at lane 0) + s·lane in every strip; undefined where that is not known. */
  laneStride(id: number): number | undefined {
    return this.#strides.get(id)?.lane;
  }

  /** s where a word is (its value at the first step) + s·step in every block of steps. */
  stepStride(id: number): number | undefined {
    return this.#strides.get(id)?.step;
  }

  #degreesOf(node: Node): Degrees {
    const { lanes, input } = this.#axes;
    if (node.op === 'row' || node.op === 'col')
      return node.op === lanes ? { lane: 2, step: 0 } : { lane: 0, step: 2 };
    if (node.op === 'input') return input(node.value);
    const block = this.#blockOf(node);
    if (block?.kind === 'group' && block.aligned)
      return block.along === 'lane' ? { lane: 1, step: 0 } : { lane: 0, step: 1 };
    const most = (axis: 'lane' | 'step'): Degree =>
      node.args.reduce<Degree>((degree, arg) => Math.max(degree, this.of(arg)[axis]) as Degree, 0);
    return { lane: most('lane'), step: most('step') };
  }

  // A word that is `group` or `lane` of a coordinate, however written; aligned where no block of lanes or steps
  // crosses a border of its groups.
  #blockOf(node: Node): { kind: 'group' | 'lane'; along: 'lane' | 'step'; aligned: boolean } | undefined {
    const source = node.args[0] === undefined ? undefined : this.#graph.at(node.args[0]);
    if (source?.op !== 'row' && source?.op !== 'col') return undefined;
    const found = groupSize(this.#graph, node);
    if (!found) return undefined;
    const along = source.op === this.#axes.lanes ? 'lane' : 'step';
    const period = along === 'lane' ? stripLanes : this.#axes.unroll;
    return { kind: found.kind, along, aligned: found.size % period === 0 };
  }

  #stridesOf(node: Node): Strides {
    const { lane, step } = this.of(node.id);
    const along = (axis: 'lane' | 'step', degree: Degree): number | undefined =>
      degree < 2 ? 0 : this.#strideOf(node, axis);
    return { lane: along('lane', lane), step: along('step', step) };
  }

  #strideOf(node: Node, axis: 'lane' | 'step'): number | undefined {
    const ofArg = (k: number): number | undefined => this.#strides.get(node.args[k] as number)?.[axis];
    const block = this.#blockOf(node);
    if (block?.kind === 'lane' && block.aligned && block.along === axis) return 1;
    const [a, b] = [ofArg(0), ofArg(1)];
    switch (node.op) {
      case 'row':
      case 'col':
        return axis === 'lane' || Number.isFinite(this.#axes.unroll) ? 1 : undefined;
      case 'add':
        return a === undefined || b === undefined ? undefined : (a + b) | 0;
      case 'mul': {
        const factor = constantOf(this.#graph, node.args[1] as number);
        return a === undefined || factor === undefined ? undefined : Math.imul(a, factor);
      }
      case 'shl':
        return a === undefined ? undefined : a << node.value;
      default:
        return undefined;
    }
  }
}

interface Strides {
  readonly lane: number | undefined;
  readonly step: number | undefined;
}

/** The value of a word that is a constant. */
export function constantOf(graph: Graph, id: number): number | undefined {
  const node = graph.at(id);
  return node.op === 'word' ? node.value : undefined;
}

/** Recognises division by a constant (`group`) and its remainder (`lane`), also as shift and mask. */
function groupSize(
  graph: Graph,
  { op, args, value }: Node,
): { kind: 'group' | 'lane'; size: number } | undefined {
  const constant = args[1] === undefined ? undefined : constantOf(graph, args[1]);
  if (op === 'group' || op === 'lane') return { kind: op, size: value };
  if (op === 'shr') return { kind: 'group', size: 2 ** value };
  if (constant === undefined) return undefined;
  if (op === 'div' && constant > 0) return { kind: 'group', size: constant };
  if (op === 'rem' && constant > 0) return { kind: 'lane', size: constant };
  if (op === 'and' && Number.isInteger(Math.log2(constant + 1))) return { kind: 'lane', size: constant + 1 };
  return undefined;
}
