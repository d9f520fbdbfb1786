import { programText } from '@funhash/codegen';
import type { Program, Sink } from '@funhash/formula';
import { sizeOf, type View, type VirtualView } from '@funhash/tensor';
import { quotient } from '../addressing.ts';
import { type GpuContext, languageOf } from '../context.ts';
import type { DeviceArray, Elements, KernelSource } from '../device.ts';
import type { GpuBuffer } from '../memory.ts';
import { nativeCode, programId, programOperands } from '../program-operands.ts';
import { releaseTable, type Table } from './entry-tables.ts';
import { indicesOf } from './rows.ts';
import { commonIndex } from './sorted-entries.ts';
import { type Strip, stripsOf } from './strips.ts';

/** Rows of V that have cotangents: the first `count`, or those that the ids name. */
export interface FoldedRows {
  readonly count: number;
  readonly ids: View | null;
}

/**
 * Adds the sinks of an adjoint under the cotangents dV [count, cols], strip by strip. Without atomics each stored
 * value gathers what is added to it: entries are sorted by the index of the sink.
 *
 * @param cotangents gives a strip of dV to `use`
 */
export function foldInto(
  context: GpuContext,
  { count, ids }: FoldedRows,
  v: VirtualView,
  adjoint: Program,
  outs: readonly View[],
  cotangents: (strip: Strip, use: (dV: View) => void) => void,
): void {
  const { memory, tables, stripEntries } = context;
  const sinks = sinksOf(adjoint).filter(({ slot }) => sizeOf((outs[slot] as View).shape) > 0);
  if (sinks.length === 0) return;
  const numbers = ids && indicesOf(memory, ids);
  for (const strip of stripsOf(count, v.cols, stripEntries))
    cotangents(strip, (dV) => {
      for (const sink of sinks) {
        const out = outs[sink.slot] as View;
        const indices = sizeOf(out.shape);
        const fold: Fold = { sink, strip, dV, ids, v, out };
        if (sink.isCommon) {
          memory.store(out, addToOne(context, fold, commonIndex(sink.index, v, indices)));
          continue;
        }
        const table = numbers
          ? tables.ofRows(sink.index, v, numbers.subarray(strip.first, strip.first + strip.count), indices)
          : tables.ofStrip(sink.index, v, strip, count, indices);
        memory.store(out, addSorted(context, fold, table));
        releaseTable(table);
      }
    });
}

/** A sink as two programs of one output. */
interface FoldedSink {
  readonly slot: number;
  readonly index: Program;
  readonly value: Program;
  /** Whether all entries have the same index. */
  readonly isCommon: boolean;
}

const known = new WeakMap<Program, readonly FoldedSink[]>();

function sinksOf(adjoint: Program): readonly FoldedSink[] {
  let sinks = known.get(adjoint);
  if (!sinks) {
    const { graph } = adjoint;
    const of = ({ slot, index, value }: Sink): FoldedSink => ({
      slot,
      index: adjoint.only([graph.node('asReal', [index])]),
      value: adjoint.only([value]),
      isCommon: adjoint.extentOf(index) === 0,
    });
    sinks = adjoint.sinks.map(of);
    known.set(adjoint, sinks);
  }
  return sinks;
}

/** One sink of one strip. */
interface Fold {
  readonly sink: FoldedSink;
  readonly strip: Strip;
  readonly dV: View;
  readonly ids: View | null;
  readonly v: VirtualView;
  readonly out: View;
}

/** How kernels evaluate the value of a sink at an entry. */
interface Evaluation {
  readonly key: string;
  readonly args: Named;
  /** What the kernel needs beside its source. */
  native(): Pick<KernelSource, 'functions' | 'native'>;
  /** Lines that add the value at `entry` to `sum`. */
  lines(): string;
}

function evaluationOf({ device, memory }: GpuContext, { sink, strip, dV, ids, v }: Fold): Evaluation {
  const { value } = sink;
  const operands = programOperands(value, v, memory);
  const [stepRow, stepCol] = dV.strides as [number, number];
  const stepId = ids?.strides[0] as number;
  const [id, firstId] = ids ? memory.argumentsOf(ids) : [];
  const language = languageOf(device.mode);
  return {
    key: `${programId(value)}:${v.cols}:${stepRow}:${stepCol}:${ids && stepId}`,
    args: [
      ...named(['dV', 'fromV'], memory.argumentsOf(dV)),
      ...(id === undefined
        ? named(['firstRow'], [strip.first])
        : named(['ids', 'firstId'], [id, (firstId as number) + strip.first * stepId])),
      ...named(operands.names, operands.args),
    ],
    native: () => ({ functions: [quotient], native: nativeCode(programText(value, language), language) }),
    lines: () => {
      const text = programText(value, language);
      const reads = {
        ...operands.reads,
        row: 'row',
        col: 'col',
        input: () => `dV[fromV + n * ${stepRow} + col * ${stepCol}]`,
      };
      return `const n = quotient(entry, ${v.cols});
        const col = entry - n * ${v.cols};
        const row = ${ids ? `ids[firstId + n * ${stepId}]` : 'firstRow + n'};
        ${text.evaluate(reads).join('\n')}
        sum = sum + ${text.results[0]};`;
    },
  };
}

function addSorted(context: GpuContext, fold: Fold, table: Table): DeviceArray {
  const { device } = context;
  const { entries, parts, longest, mostParts, count } = table;
  const length = sizeOf(fold.out.shape);
  const evaluation = evaluationOf(context, fold);
  const old = oldValues(context, fold.out);
  const inputs: Named = [['entries', entries], ...evaluation.args, ...(parts ? [] : old)];
  const oldKind = old.length > 1 ? 'a' : 'c';
  const key = `fold:${evaluation.key}:${longest}:${parts ? 'parts' : oldKind}`;
  const sums = device.run(key, argsOf(inputs), () => ({
    length: count,
    ...evaluation.native(),
    source: `function (${namesOf(inputs)}) {
      const begin = entries[this.thread.x];
      const end = entries[this.thread.x + 1];
      let sum = 0.0;
      for (let k = 0; k < ${longest}; k++) {
        if (begin + k < end) {
          const entry = entries[begin + k];
          ${evaluation.lines()}
        }
      }
      return ${parts ? 'sum' : `${oldText(old)} + sum`};
    }`,
  }));
  if (!parts) return sums;
  const totals: Named = [['sums', sums], ['parts', parts], ...old];
  const total = device.run(`foldParts:${length}:${mostParts}:${oldKind}`, argsOf(totals), () => ({
    length,
    source: `function (${namesOf(totals)}) {
      const begin = parts[this.thread.x];
      const end = parts[this.thread.x + 1];
      let sum = 0.0;
      for (let k = 0; k < ${mostParts}; k++) {
        if (begin + k < end) { sum = sum + sums[begin + k]; }
      }
      return ${oldText(old)} + sum;
    }`,
  }));
  sums.release();
  return total;
}

/** All entries are added to the value `at`: in parts, without a table, then the sums of the parts. */
function addToOne(context: GpuContext, fold: Fold, at: number): DeviceArray {
  const { device } = context;
  const length = sizeOf(fold.out.shape);
  const entries = fold.strip.count * fold.v.cols;
  const longest = 2 ** Math.ceil(Math.log2(entries) / 2);
  const parts = Math.ceil(entries / longest);
  const evaluation = evaluationOf(context, fold);
  const sums = device.run(`foldAll:${evaluation.key}:${entries}`, argsOf(evaluation.args), () => ({
    length: parts,
    ...evaluation.native(),
    source: `function (${namesOf(evaluation.args)}) {
      let sum = 0.0;
      for (let k = 0; k < ${longest}; k++) {
        const entry = k * ${parts} + this.thread.x;
        if (entry < ${entries}) {
          ${evaluation.lines()}
        }
      }
      return sum;
    }`,
  }));
  const old = oldValues(context, fold.out);
  const totals: Named = [['sums', sums], ['at', at], ...old];
  const key = `foldOne:${length}:${parts}:${old.length}`;
  const total = device.run(key, argsOf(totals), () => ({
    length,
    source: `function (${namesOf(totals)}) {
      let sum = 0.0;
      if (this.thread.x === at) {
        for (let k = 0; k < ${parts}; k++) { sum = sum + sums[k]; }
      }
      return ${oldText(old)} + sum;
    }`,
  }));
  sums.release();
  return total;
}

type Named = readonly (readonly [string, Elements | number])[];

const named = (names: readonly string[], args: readonly (Elements | number)[]): Named =>
  names.map((name, k) => [name, args[k] as Elements | number] as const);

const namesOf = (inputs: Named): string => inputs.map(([name]) => name).join(', ');

const argsOf = (inputs: Named): (Elements | number)[] => inputs.map(([, arg]) => arg);

/** What is added to: an array and where it begins, or one value. */
function oldValues({ memory }: GpuContext, out: View): Named {
  const { constant } = out.buffer as GpuBuffer;
  return constant === undefined ? named(['old', 'fromOld'], memory.argumentsOf(out)) : [['old', constant]];
}

const oldText = (old: Named): string => (old.length > 1 ? 'old[fromOld + this.thread.x]' : 'old');
