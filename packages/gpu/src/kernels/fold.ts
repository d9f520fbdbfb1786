import type { Program, Sink } from '@funhash/formula';
import { sizeOf, type View, type VirtualMatrix } from '@funhash/tensor';
import { quotient } from '../addressing.ts';
import { type GpuContext, languageOf } from '../context.ts';
import type { DeviceArray, Elements } from '../device.ts';
import type { GpuBuffer } from '../memory.ts';
import { programId, programOperands } from '../program/program-operands.ts';
import { nativeCode, programText } from '../program/program-text.ts';
import { indicesOf } from './rows.ts';
import { entriesByIndex, type Sorted } from './sorted-entries.ts';

/**
 * Adds the sinks of an adjoint under the cotangents dV [N, cols]. Without atomics each stored value gathers what is
 * added to it: entries are sorted by the index of the sink, once for a matrix, since indices never depend on values.
 */
export function foldInto(
  context: GpuContext,
  dV: View,
  ids: View | null,
  v: VirtualMatrix,
  adjoint: Program,
  outs: readonly View[],
): void {
  for (const sink of sinksOf(adjoint)) {
    const out = outs[sink.slot] as View;
    if (sizeOf(out.shape) === 0) continue;
    const sorted = sortedFor(context, sink, dV.shape[0] as number, ids, v, sizeOf(out.shape));
    context.memory.store(out, addSink(context, sink, sorted, dV, ids, v, out));
    if (ids) for (const table of [sorted.entries, sorted.parts]) table?.release();
  }
}

/** A sink as two programs of one output. */
interface FoldedSink {
  readonly slot: number;
  readonly index: Program;
  readonly value: Program;
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
    });
    sinks = adjoint.sinks.map(of);
    known.set(adjoint, sinks);
  }
  return sinks;
}

/** Tables on the device. */
interface Tables extends Omit<Sorted, 'entries' | 'parts'> {
  readonly entries: DeviceArray;
  readonly parts: DeviceArray | undefined;
}

const tablesOf = new WeakMap<GpuContext, Map<string, Tables>>();
const mostTables = 64;
const mostElements = 2 ** 25;

function sortedFor(
  context: GpuContext,
  { index }: FoldedSink,
  count: number,
  ids: View | null,
  v: VirtualMatrix,
  stored: number,
): Tables {
  const { device, memory } = context;
  const upload = (): Tables => {
    const rows = ids && indicesOf(memory, ids);
    const { entries, parts, ...rest } = entriesByIndex(index, v, rows ?? count, stored);
    return { ...rest, entries: device.upload(entries), parts: parts && device.upload(parts) };
  };
  if (ids) return upload();
  const tables = tablesOf.get(context) ?? new Map<string, Tables>();
  tablesOf.set(context, tables);
  const key = [programId(index), count, v.cols, v.uniforms, stored].join(':');
  const found = tables.get(key) ?? upload();
  // The one used last goes last; the first ones go when there are too many.
  tables.delete(key);
  tables.set(key, found);
  let elements = 0;
  for (const { entries } of tables.values()) elements += entries.length;
  for (const [first, { entries, parts }] of tables) {
    if ((tables.size <= mostTables && elements <= mostElements) || first === key) break;
    elements -= entries.length;
    entries.release();
    parts?.release();
    tables.delete(first);
  }
  return found;
}

function addSink(
  context: GpuContext,
  { value }: FoldedSink,
  { entries, parts, longest, mostParts, count }: Tables,
  dV: View,
  ids: View | null,
  v: VirtualMatrix,
  out: View,
): DeviceArray {
  const { device, memory } = context;
  const length = sizeOf(out.shape);
  const operands = programOperands(value, v, memory);
  const old = oldValues(context, out);
  const inputs: readonly (readonly [string, Elements | number])[] = [
    ['entries', entries],
    ...named(['dV', 'fromV'], memory.argumentsOf(dV)),
    ...(ids ? named(['ids', 'firstId'], memory.argumentsOf(ids)) : []),
    ...(parts ? [] : old),
  ];
  const names = [...inputs.map(([name]) => name), ...operands.names];
  const [stepRow, stepCol] = dV.strides as [number, number];
  const oldKind = old.length > 1 ? 'a' : 'c';
  const key = `fold:${programId(value)}:${v.cols}:${longest}:${stepRow}:${stepCol}:${ids?.strides[0]}:${
    parts ? 'parts' : oldKind
  }`;
  const sums = device.run(key, [...inputs.map(([, arg]) => arg), ...operands.args], () => {
    const text = programText(value, languageOf(device.mode));
    const reads = {
      ...operands.reads,
      row: 'row',
      col: 'col',
      input: () => `dV[fromV + n * ${stepRow} + col * ${stepCol}]`,
    };
    return {
      length: count,
      functions: [quotient],
      native: nativeCode(text, languageOf(device.mode)),
      source: `function (${names.join(', ')}) {
        const begin = entries[this.thread.x];
        const end = entries[this.thread.x + 1];
        let sum = 0.0;
        for (let k = 0; k < ${longest}; k++) {
          if (begin + k < end) {
            const entry = entries[begin + k];
            const n = quotient(entry, ${v.cols});
            const col = entry - n * ${v.cols};
            const row = ${ids ? `ids[firstId + n * ${ids.strides[0]}]` : 'n'};
            ${text.evaluate(reads).join('\n')}
            sum = sum + ${text.results[0]};
          }
        }
        return ${parts ? 'sum' : `${oldText(old)} + sum`};
      }`,
    };
  });
  if (!parts) return sums;
  const args = [sums, parts, ...old.map(([, arg]) => arg)];
  const total = device.run(`foldParts:${length}:${mostParts}:${oldKind}`, args, () => ({
    length,
    source: `function (sums, parts, ${old.map(([name]) => name).join(', ')}) {
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

type Named = readonly (readonly [string, Elements | number])[];

const named = (names: readonly string[], args: readonly (Elements | number)[]): Named =>
  names.map((name, k) => [name, args[k] as Elements | number] as const);

/** What is added to: an array and where it begins, or one value. */
function oldValues({ memory }: GpuContext, out: View): Named {
  const { constant } = out.buffer as GpuBuffer;
  return constant === undefined ? named(['old', 'fromOld'], memory.argumentsOf(out)) : [['old', constant]];
}

const oldText = (old: Named): string => (old.length > 1 ? 'old[fromOld + this.thread.x]' : 'old');
