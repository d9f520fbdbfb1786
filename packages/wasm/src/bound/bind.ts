import type { Backend, BoundCall, BoundCalls, Kernels, VirtualView } from '@funhash/tensor';
import type { Context } from '../context.ts';
import type { LinkedFunction } from '../threads/threads.ts';
import { type FixedCall, sequence } from './plan-module.ts';
import { type LiveNumbers, TooManyCalls, Tracer } from './tracer.ts';

/** More calls than these take so long that what script costs between them is not seen. */
const mostCalls = 2000;

type Kernel = (...args: unknown[]) => void;

/**
 * Kernel calls as functions of WebAssembly that make all their calls of compiled functions, with what these are told in
 * place. Kernels that do more by script run between them as they are.
 */
export function bindCalls(
  { memory, threads }: Pick<Context, 'memory' | 'threads'>,
  { kernels, lacks = [] }: Pick<Backend, 'kernels' | 'lacks'>,
  outside: LinkedFunction['call'],
  calls: readonly BoundCall[],
): BoundCalls | undefined {
  const lists = new Set(calls.flatMap(({ live }) => live));
  const tracer = new Tracer(memory, threads, lists, outside, mostCalls);
  try {
    const isTraced = (call: BoundCall): boolean => isProved(call) && !lacks.includes(call.kernel);
    const pieces = tracer.within(() => piecesOf(tracer, kernels, isTraced, calls));
    if (pieces.every(({ fixed }) => fixed.length === 0)) {
      tracer.dispose();
      return undefined;
    }
    const steps = pieces.map(stepOf);
    const write = writerOf(memory, tracer.numbers);
    const [only] = steps;
    const run =
      steps.length === 1 && only
        ? () => {
            write();
            only();
          }
        : () => {
            write();
            for (const step of steps) step();
          };
    return { run, dispose: () => tracer.dispose() };
  } catch (error) {
    tracer.dispose();
    if (error instanceof TooManyCalls) return undefined;
    throw error;
  }
}

/** Calls of compiled functions, each with the kernel that makes it, and behind them a kernel that runs as it is. */
interface Piece {
  readonly fixed: FixedCall[];
  readonly origins: (() => void)[];
  kernel: (() => void) | undefined;
}

function piecesOf(
  tracer: Tracer,
  kernels: Partial<Kernels>,
  isTraced: (call: BoundCall) => boolean,
  calls: readonly BoundCall[],
): readonly Piece[] {
  const pieces: Piece[] = [];
  let open: Piece | undefined;
  for (const call of calls) {
    const kernel = kernels[call.kernel] as unknown as Kernel;
    const run = (): void => kernel.apply(kernels, call.args as unknown[]);
    if (!open) {
      open = { fixed: [], origins: [], kernel: undefined };
      pieces.push(open);
    }
    const fixed = isTraced(call) ? tracer.callsOf(run) : undefined;
    if (fixed)
      for (const one of fixed) {
        open.fixed.push(one);
        open.origins.push(run);
      }
    else {
      open.kernel = run;
      open = undefined;
    }
  }
  return pieces;
}

/** Whether the bounds of stored arrays, proved once, hold for all words. */
function isProved({ args, live }: BoundCall): boolean {
  return args.every((arg) => {
    const { uniforms, stored } = (arg ?? {}) as Partial<VirtualView>;
    return !uniforms || !stored || stored.length === 0 || !live.includes(uniforms);
  });
}

function stepOf({ fixed, origins, kernel }: Piece): () => void {
  if (fixed.length === 0) return kernel as () => void;
  const run = sequence(fixed);
  return () => {
    const failed = run();
    // The kernel itself says what is wrong.
    if (failed > 0) origins[failed - 1]?.();
    kernel?.();
  };
}

function writerOf(memory: Context['memory'], numbers: readonly LiveNumbers[]): () => void {
  if (numbers.length === 0) return () => {};
  return () => {
    const { f32, i32 } = memory;
    for (const { list, address, kind } of numbers) {
      const target = kind === 'f32' ? f32 : i32;
      for (let k = 0; k < list.length; k++) target[address / 4 + k] = list[k] as number;
    }
  };
}
