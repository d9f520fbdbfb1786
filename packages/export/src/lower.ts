import type { Program } from '@funhash/formula';
import type { PlanArgument, PlanView } from '@funhash/tensor';
import { ExportError } from './export-error.ts';
import type { Network, NetworkCall } from './network.ts';
import { type Matrix, type Operation, type Pointwise, type SignLimits, storedWeight } from './operations.ts';
import { withWholeFills } from './whole-fills.ts';

/** What a network does, as operations in which all kinds of products are one. */
export function lowered(network: Network): readonly Operation[] {
  const operations = network.calls.map((call) => new Lowering(network.programs, call).operation());
  return withWholeFills(operations, network.buffers);
}

type Fields = Readonly<Record<string, PlanArgument>>;

class Lowering {
  readonly #programs: readonly Program[];
  readonly #call: NetworkCall;

  constructor(programs: readonly Program[], call: NetworkCall) {
    this.#programs = programs;
    this.#call = call;
  }

  operation(): Operation {
    const { kernel, args } = this.#call;
    const view = (at: number): PlanView => args[at] as unknown as PlanView;
    const views = (at: number): readonly PlanView[] => args[at] as unknown as readonly PlanView[];
    switch (kernel) {
      case 'fill':
        return { kind: 'fill', out: view(0), value: args[1] as number };
      case 'copy':
        return { kind: 'copy', x: view(0), out: view(1) };
      case 'map':
        return { kind: 'map', program: this.#program(args[0]), inputs: views(1), outs: views(3) };
      case 'reduce':
        return { kind: 'reduce', how: args[0] as 'sum', x: view(1), out: view(2) };
      case 'argMax':
      case 'logSumExp':
      case 'scan':
        return { kind: kernel, x: view(0), out: view(1) };
      case 'gather':
      case 'scatterAdd':
        return { kind: kernel, x: view(0), index: view(1), out: view(2) };
      case 'virtualRows':
        return {
          kind: 'rows',
          matrix: this.#matrix(args[0]),
          ids: (args[1] ?? undefined) as PlanView | undefined,
          out: view(2),
        };
      case 'matmul':
        return this.#matmul(view(0), view(1), view(2), args[3]);
      case 'virtualMatmul':
        return this.#virtualMatmul(view(0), this.#matrix(args[1]), view(2), args[3]);
      case 'packSigns':
        return { kind: 'packSigns', x: view(0), out: view(1), bounds: limitsOf(args[2]) };
      case 'signMatmul':
        return {
          kind: 'signProduct',
          a: view(0),
          b: view(1),
          depth: args[2] as number,
          out: view(3),
          bounds: limitsOf(args[4]),
        };
      default:
        throw new ExportError({
          operation: 'export',
          expected: 'kernels of a forward pass',
          actual: `${kernel}, which belongs to gradients`,
        });
    }
  }

  #program(argument: PlanArgument): Program {
    return this.#programs[(argument as { readonly program: number }).program] as Program;
  }

  #matrix(argument: PlanArgument): Matrix {
    const { program, rows, cols, stored } = argument as Fields;
    return {
      program: this.#program(program),
      rows: rows as number,
      cols: cols as number,
      stored: stored as unknown as readonly PlanView[],
    };
  }

  #epilogue(argument: PlanArgument) {
    const { bias, activation } = (argument ?? {}) as Fields;
    const inner: readonly Pointwise[] = activation
      ? [{ program: this.#program(activation), operands: [null] }]
      : [];
    return { bias: bias as PlanView | undefined, inner, outer: undefined };
  }

  #matmul(a: PlanView, b: PlanView, out: PlanView, epilogue: PlanArgument): Operation {
    const batchAxes = b.shape.length - 2;
    const rowAxes = out.shape.length - 1;
    const [depth, width] = b.shape.slice(batchAxes) as [number, number];
    const [down, across] = b.strides.slice(batchAxes) as [number, number];
    const ownRows = rowAxes - batchAxes;
    return {
      kind: 'product',
      xs: [a],
      rowAxes,
      width,
      weight: {
        buffer: b.buffer,
        offset: b.offset,
        shape: [...b.shape.slice(0, batchAxes), ...new Array<number>(ownRows).fill(1), width, depth],
        strides: [...b.strides.slice(0, batchAxes), ...new Array<number>(ownRows).fill(0), across, down],
      },
      out,
      ...this.#epilogue(epilogue),
    };
  }

  #virtualMatmul(x: PlanView, matrix: Matrix, out: PlanView, epilogue: PlanArgument): Operation {
    const rowAxes = out.shape.length - 1;
    const [stored] = matrix.stored;
    return {
      kind: 'product',
      xs: [x],
      rowAxes,
      width: matrix.rows,
      weight:
        isPlain(matrix) && stored
          ? storedWeight(stored.buffer, matrix.rows, matrix.cols, rowAxes, stored.offset)
          : matrix,
      out,
      ...this.#epilogue(epilogue),
    };
  }
}

const limitsOf = (argument: PlanArgument): SignLimits | undefined =>
  (argument ?? undefined) as unknown as SignLimits | undefined;

/** Whether an entry is the stored value at row · cols + col: V lies in memory. */
function isPlain({ program, cols }: Matrix): boolean {
  const { graph, outputs } = program;
  const at = graph.at(outputs[0] as number);
  if (at.op !== 'at') return false;
  const index = graph.at(at.args[0] as number);
  const parts = index.args.map((id) => graph.at(id));
  const product = parts.find(({ op }) => op === 'mul');
  if (index.op !== 'add' || !product || !parts.some(({ op }) => op === 'col')) return false;
  const factors = product.args.map((id) => graph.at(id));
  return (
    factors.some(({ op }) => op === 'row') && factors.some(({ op, value }) => op === 'word' && value === cols)
  );
}
