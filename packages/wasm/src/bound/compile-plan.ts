import {
  type BoundCall,
  bytesPerElement,
  type DType,
  type Plan,
  PlanError,
  type PlanView,
  type RecordedPlan,
  sizeOf,
  type TypedArray,
} from '@funhash/tensor';
import { resolvedCalls, type Site, sharedLayout, viewAt } from '@funhash/tensor/plan-parts';
import type { ModuleBuilder } from '../assembler/module-builder.ts';
import { contextOn } from '../backend.ts';
import { addressOf, type WasmBuffer } from '../layout.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { Threads } from '../threads/threads.ts';
import { type SequenceCall, sequenceModule } from './plan-module.ts';
import { TooManyCalls, Tracer } from './tracer.ts';

/** The place of values in the memory of compiled code. */
export interface CompiledArray {
  readonly address: number;
  readonly dtype: DType;
  readonly length: number;
}

/**
 * A plan as WebAssembly code that needs no script of this library: modules over one memory, each part of the plan a function of
 * no arguments, and what memory holds before the first run, besides the values of states.
 */
export interface CompiledPlan {
  readonly version: 1;
  /** Pages of 64 KiB that memory has at least. */
  readonly pages: number;
  /** Modules that import `host.memory` and export functions. */
  readonly modules: readonly Uint8Array[];
  /** A module for each part, which exports `run` and imports functions `f.0`, `f.1` … of the modules above. */
  readonly parts: readonly {
    readonly code: Uint8Array;
    readonly imports: readonly (readonly [module: number, name: string])[];
  }[];
  /** Contents of memory by address; all else is 0. */
  readonly segments: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  readonly inputs: Readonly<Record<string, CompiledArray>>;
  readonly states: Readonly<Record<string, CompiledArray>>;
  readonly outputs: Readonly<Record<string, CompiledArray & { readonly shape: readonly number[] }>>;
}

/** Calls of compiled functions that code may have. */
const mostCalls = 100_000;

/**
 * Compiles a plan ahead of time, for engines with WebAssembly SIMD: no relaxed instructions are used, so that results are the
 * same everywhere, those of a backend that has no fused multiply-add.
 *
 * @throws PlanError for a plan that is told numbers or words, or with a kernel that is not made of compiled functions alone
 */
export function compilePlan({ plan, contents }: RecordedPlan): CompiledPlan {
  if (plan.words > 0 || Object.keys(plan.numbers).length > 0)
    throw refusal('a plan that is told nothing but inputs', 'one with numbers or random words');
  const memory = new LinearMemory(false);
  const threads = new Threads(memory);
  const { context, kernels } = contextOn(threads, { madd: false });
  const sites = placed(plan, memory, contents.constants);
  const { calls } = resolvedCalls(plan, sites);
  const tracer = new Tracer(memory, threads, new Set(), context.code.outside, mostCalls);
  const parts = tracer.within(() =>
    Array.from({ length: plan.parts }, (_, part) =>
      calls.filter((call) => call.part === part).flatMap((call) => fixedCalls(tracer, kernels, call)),
    ),
  );
  const modules = new Map<ModuleBuilder, Set<string>>();
  const compiledParts = parts.map((fixed) => {
    const { bytes, callees } = sequenceModule([fixed]);
    const imports = callees.map((call): [number, string] => {
      const origin = threads.originOf(call);
      if (!origin) throw refusal('functions of modules', 'another');
      const names = modules.get(origin.module) ?? new Set();
      modules.set(origin.module, names.add(origin.name));
      return [[...modules.keys()].indexOf(origin.module), origin.name];
    });
    return { code: bytes, imports };
  });
  const of = (kind: 'input' | 'state'): Record<string, CompiledArray> =>
    Object.fromEntries(
      plan.buffers.flatMap(({ kind: own, name, dtype, length }, number) =>
        own === kind ? [[name, { address: addressAt(sites, number), dtype, length }]] : [],
      ),
    );
  const outputs = Object.entries(plan.outputs).map(([name, view]) => [name, outputAt(sites, view)] as const);
  return {
    version: 1,
    pages: Math.ceil(memory.end / 65536),
    modules: [...modules].map(([module, names]) => module.encode(undefined, names)),
    parts: compiledParts,
    segments: segmentsOf(new Uint8Array(memory.memory.buffer, 0, memory.end)),
    inputs: of('input'),
    states: of('state'),
    outputs: Object.fromEntries(outputs),
  };
}

function placed(
  plan: Plan,
  memory: LinearMemory,
  constants: RecordedPlan['contents']['constants'],
): readonly Site[] {
  const allocate = (dtype: DType, length: number): WasmBuffer => ({
    dtype,
    length,
    address: memory.allocate(length * bytesPerElement[dtype]),
  });
  const { blocks, places } = sharedLayout(plan);
  const own = blocks.map(({ dtype, length }) => allocate(dtype, length));
  return plan.buffers.map(({ dtype, length }, number): Site => {
    const place = places.get(number);
    if (place) return { buffer: own[place.block] as WasmBuffer, offset: place.offset };
    const buffer = allocate(dtype, length);
    const values: TypedArray | undefined = constants.get(number);
    if (values) memory.view(dtype, buffer.address, length).set(values);
    return { buffer, offset: 0 };
  });
}

function fixedCalls(
  tracer: Tracer,
  kernels: ReturnType<typeof contextOn>['kernels'],
  { kernel, args }: BoundCall,
): readonly SequenceCall[] {
  const own = kernels[kernel] as ((...args: readonly unknown[]) => void) | undefined;
  try {
    const fixed = own && tracer.callsOf(() => own.apply(kernels, args as unknown[]));
    // One thread has no shares.
    if (fixed) return fixed as readonly SequenceCall[];
  } catch (error) {
    if (!(error instanceof TooManyCalls)) throw error;
    throw refusal(`at most ${mostCalls} calls`, `more, at ${kernel}`);
  }
  throw refusal('kernels that compiled functions alone do', `${kernel}, which script does in part`);
}

const addressAt = (sites: readonly Site[], number: number): number => {
  const { buffer, offset } = sites[number] as Site;
  return (buffer as WasmBuffer).address + offset * bytesPerElement[buffer.dtype];
};

function outputAt(sites: readonly Site[], view: PlanView): CompiledPlan['outputs'][string] {
  const at = viewAt(sites, view);
  return { address: addressOf(at), dtype: at.dtype, length: sizeOf(at.shape), shape: at.shape };
}

/** Runs of bytes between which at least this many are 0. */
const leastGap = 16;

function segmentsOf(bytes: Uint8Array): CompiledPlan['segments'] {
  const segments: { address: number; bytes: Uint8Array }[] = [];
  for (let from = 0; from < bytes.length; ) {
    if (bytes[from] === 0) {
      from++;
      continue;
    }
    let to = from + 1;
    for (let at = to; at < bytes.length && at - to < leastGap; at++) if (bytes[at] !== 0) to = at + 1;
    segments.push({ address: from, bytes: bytes.slice(from, to) });
    from = to;
  }
  return segments;
}

const refusal = (expected: string, actual: string): PlanError =>
  new PlanError({
    operation: 'compilePlan',
    expected,
    actual,
    remedy: 'Predict by the plan itself, which every backend runs.',
  });
