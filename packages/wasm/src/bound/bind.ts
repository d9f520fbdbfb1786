import type { Backend, BoundCall, BoundCalls, Kernels, VirtualView } from '@funhash/tensor';
import type { Context } from '../context.ts';
import type { LinkedFunction } from '../threads/thread.ts';
import { type SequenceCall, sequences } from './plan-module.ts';
import { type Fork, type LiveNumbers, TooManyCalls, Tracer } from './tracer.ts';

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
    if (pieces.every((piece) => 'kernel' in piece)) {
      tracer.dispose();
      return undefined;
    }
    const steps = stepsOf(pieces, (fork, own) => forked({ memory, threads }, tracer, fork, own));
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
    throw error;
  }
}

/** Calls one after the other, each with the kernel that makes it. */
interface Sequence {
  readonly calls: SequenceCall[];
  readonly origins: (() => void)[];
}

/** What runs one after the other: calls of compiled functions, those of threads, or a kernel as it is. */
type Piece = Sequence | Fork | { readonly kernel: () => void };

function piecesOf(
  tracer: Tracer,
  kernels: Partial<Kernels>,
  isTraced: (call: BoundCall) => boolean,
  calls: readonly BoundCall[],
): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const call of calls) {
    const kernel = kernels[call.kernel] as unknown as Kernel;
    const run = (): void => kernel.apply(kernels, call.args as unknown[]);
    const traced = isTraced(call) ? callsOf(tracer, run) : undefined;
    if (!traced) pieces.push({ kernel: run });
    for (const one of traced ?? []) {
      let last = pieces.at(-1);
      if ('shares' in one) pieces.push(one);
      else {
        if (!last || !('calls' in last)) {
          last = { calls: [], origins: [] };
          pieces.push(last);
        }
        last.calls.push(one);
        last.origins.push(run);
      }
    }
  }
  return pieces;
}

function callsOf(tracer: Tracer, run: () => void): readonly (SequenceCall | Fork)[] | undefined {
  try {
    return tracer.callsOf(run);
  } catch (error) {
    if (error instanceof TooManyCalls) return undefined;
    throw error;
  }
}

/** Whether the bounds of stored arrays, proved once, hold for all words. */
function isProved({ args, live }: BoundCall): boolean {
  return args.every((arg) => {
    const { uniforms, stored } = (arg ?? {}) as Partial<VirtualView>;
    return !uniforms || !stored || stored.length === 0 || !live.includes(uniforms);
  });
}

function stepsOf(
  pieces: readonly Piece[],
  forkOf: (fork: Fork, own: () => number) => () => void,
): (() => void)[] {
  const ofSequences = pieces.flatMap((piece) =>
    'calls' in piece ? [piece.calls] : 'shares' in piece ? [piece.shares[0] as readonly SequenceCall[]] : [],
  );
  const compiled = sequences(ofSequences)[Symbol.iterator]();
  const next = (): (() => number) => compiled.next().value as () => number;
  return pieces.map((piece) => {
    if ('kernel' in piece) return piece.kernel;
    const run = next();
    if ('shares' in piece) return forkOf(piece, run);
    return () => {
      const failed = run();
      // The kernel itself says what is wrong.
      if (failed > 0) piece.origins[failed - 1]?.();
    };
  });
}

/** Lists for workers are written once: what a kernel would tell them at each run. */
function forked(
  { memory, threads }: Pick<Context, 'memory' | 'threads'>,
  tracer: Tracer,
  { shares }: Fork,
  own: () => number,
): () => void {
  const lists = shares.slice(1).map((calls) => {
    const words = threads.listOf(calls);
    const address = tracer.lasting(words.length * 4);
    memory.i32.set(words, address / 4);
    return address;
  });
  return () => threads.runLists(lists, own);
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
