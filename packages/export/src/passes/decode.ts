import { type PlanArgument, type PlanView, sizeOf } from '@funhash/tensor';
import { type Network, type NetworkBuffer, type NetworkCall, viewsIn } from '../network.ts';

/**
 * Has matrices decoded before their products, by calls of their own.
 *
 * @param which `smaller`: those of no more entries than stored values, such as quantised ones, which are then decoded at export
 */
export function withDecoded(network: Network, which: 'smaller' | 'all'): Network {
  const buffers: NetworkBuffer[] = [...network.buffers];
  const uses = new Map<number, number>();
  for (const { args } of network.calls)
    for (const { buffer } of viewsIn(args)) uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
  const calls = network.calls.flatMap((call): readonly NetworkCall[] => {
    if (call.kernel !== 'virtualMatmul') return [call];
    const [x, matrix, out, epilogue] = call.args as [PlanArgument, PlanArgument, PlanArgument, PlanArgument];
    const { rows, cols, stored } = matrix as unknown as {
      readonly rows: number;
      readonly cols: number;
      readonly stored: readonly PlanView[];
    };
    const values = stored.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    // A space that others share, too, stays as it is.
    const isOwn = stored.every(({ buffer }) => uses.get(buffer) === 1);
    if (which === 'smaller' && (values < rows * cols || !isOwn)) return [call];
    const buffer = buffers.push({ dtype: 'f32', length: rows * cols }) - 1;
    const view = (shape: readonly number[], strides: readonly number[]): PlanArgument =>
      ({ buffer, offset: 0, shape, strides }) satisfies PlanView as unknown as PlanArgument;
    return [
      { kernel: 'virtualRows', args: [matrix, null, view([rows, cols], [cols, 1])] },
      { kernel: 'matmul', args: [x, view([cols, rows], [1, cols]), out, epilogue] },
    ];
  });
  return { ...network, buffers, calls };
}
