import type { Program } from '@funhash/formula';
import {
  type DeviceBuffer,
  type Kernels,
  type PlanArgument,
  type PlanView,
  referenceBackend,
  runKernel,
  type TypedArray,
  type View,
} from '@funhash/tensor';
import { type Network, type NetworkBuffer, type NetworkCall, viewsIn } from '../network.ts';

/**
 * Does at once what depends on no input, such as the scale of a normalisation.
 *
 * @param what `smaller`: results that are no larger than what they are made of; `unused`: all but the decoded matrices of
 * products; `everything`
 */
export function folded(network: Network, what: 'smaller' | 'unused' | 'everything'): Network {
  const { calls, buffers, input } = network;
  const depends = new Set([input.buffer]);
  const parts = calls.map((call) => ({ call, views: viewsIn(call.args), out: outOf(call) }));
  for (let before = 0; before < depends.size; ) {
    before = depends.size;
    for (const { views, out } of parts)
      if (views.some(({ buffer }) => depends.has(buffer))) for (const { buffer } of out) depends.add(buffer);
  }
  const values = new Map<number, TypedArray>();
  buffers.forEach((buffer, number) => {
    if (buffer.values) values.set(number, buffer.values);
  });
  const left: NetworkCall[] = [];
  for (const { call, views, out } of parts) {
    const isKnown =
      views.every((view) => values.has(view.buffer) || out.some(({ buffer }) => buffer === view.buffer)) &&
      !out.some(({ buffer }) => depends.has(buffer)) &&
      !left.some((other) => outOf(other).some((own) => out.some(({ buffer }) => buffer === own.buffer)));
    const lengthOf = ({ buffer }: PlanView): number => (buffers[buffer] as NetworkBuffer).length;
    const made = out.reduce((sum, view) => sum + lengthOf(view), 0);
    const given = views.reduce((sum, view) => sum + lengthOf(view), 0) - made;
    const isWorth =
      made <= given || what === 'everything' || (what === 'unused' && !isWeight(call, out, calls));
    if (isKnown && isWorth) evaluate(network, call, values);
    else left.push(call);
  }
  const read = new Set(left.flatMap(({ args }) => viewsIn(args).map(({ buffer }) => buffer)));
  read.add(network.output.buffer);
  for (const number of [...values.keys()]) if (!read.has(number)) values.delete(number);
  return {
    ...network,
    calls: left,
    buffers: buffers.map((buffer, number) => ({ ...buffer, values: values.get(number) })),
  };
}

/** Whether a call decodes a matrix that nothing but products takes, by its columns. */
function isWeight(call: NetworkCall, out: readonly PlanView[], calls: readonly NetworkCall[]): boolean {
  if (call.kernel !== 'virtualRows' || call.args[1]) return false;
  const readers = calls.filter(
    (other) => other !== call && viewsIn(other.args).some(({ buffer }) => buffer === out[0]?.buffer),
  );
  return readers.every(({ kernel, args }) => {
    const b = args[1] as unknown as PlanView;
    return kernel === 'matmul' && b.buffer === out[0]?.buffer && b.strides.at(-2) === 1;
  });
}

function outOf({ kernel, args }: NetworkCall): readonly PlanView[] {
  const at = {
    fill: 0,
    map: 3,
    reduce: 2,
    matmul: 2,
    virtualMatmul: 2,
    virtualRows: 2,
    gather: 2,
    scatterAdd: 2,
    signMatmul: 3,
  } as Readonly<Record<string, number>>;
  return viewsIn([args[at[kernel] ?? 1] as PlanArgument]);
}

/** Runs a call on the reference, on copies of what it writes, and tells which buffers those are. */
export function evaluate(
  { buffers, programs }: Network,
  { kernel, args }: NetworkCall,
  values: Map<number, TypedArray>,
): readonly number[] {
  const host = new Map<number, DeviceBuffer & { readonly data: TypedArray }>();
  const bufferOf = (number: number) => {
    const known = host.get(number);
    if (known) return known;
    const { dtype, length } = buffers[number] as NetworkBuffer;
    const made = referenceBackend.allocate(dtype, length) as DeviceBuffer & { readonly data: TypedArray };
    const contents = values.get(number);
    if (contents) referenceBackend.upload(made, contents);
    host.set(number, made);
    return made;
  };
  const filled = (argument: PlanArgument): unknown => {
    if (typeof argument !== 'object' || argument === null) return argument;
    if (Array.isArray(argument)) return argument.map(filled);
    if ('strides' in argument) {
      const { buffer: number, shape, strides, offset } = argument as unknown as PlanView;
      const buffer = bufferOf(number);
      return { buffer, dtype: buffer.dtype, shape, strides, offset } satisfies View;
    }
    const { program } = argument as { readonly program?: unknown };
    if (typeof program === 'number' && !('stored' in argument)) return programs[program] as Program;
    return Object.fromEntries(Object.entries(argument).map(([name, member]) => [name, filled(member)]));
  };
  runKernel(referenceBackend, kernel, args.map(filled) as Parameters<Kernels[typeof kernel]>);
  const written = outOf({ kernel, args }).map(({ buffer }) => buffer);
  for (const buffer of written) values.set(buffer, bufferOf(buffer).data);
  return written;
}
