import type { NetworkBuffer } from '../network.ts';
import { isMatrix, type Operation, viewsOf } from '../operations.ts';
import { lanes } from '../text/vector-product.ts';
import type { Staged } from './start.ts';

/** Has the matrices of products laid out at the start so that channels lie side by side, in rows that vectors divide. */
export function transposed({ buffers: given, start, run }: Staged, input: number): Staged {
  const buffers: NetworkBuffer[] = [...given];
  const more: Operation[] = [];
  const known = new Map<string, number>();
  const written = new Set([
    input,
    ...run.flatMap((operation) => viewsOf(operation).writes.map(({ buffer }) => buffer)),
  ]);
  const rewritten = run.map((operation): Operation => {
    if (operation.kind !== 'product' || isMatrix(operation.weight)) return operation;
    const { weight, width, rowAxes } = operation;
    const isFixed = weight.strides.slice(0, rowAxes).every((stride) => stride === 0);
    if (!isFixed || written.has(weight.buffer)) return operation;
    const [n, k] = weight.strides.slice(-2) as [number, number];
    const depth = weight.shape.at(-1) as number;
    const row = Math.ceil(width / lanes) * lanes;
    const key = `${weight.buffer} ${weight.offset} ${n} ${k} ${width} ${depth}`;
    let buffer = known.get(key);
    if (buffer === undefined) {
      buffer = buffers.push({ dtype: 'f32', length: row * depth }) - 1;
      known.set(key, buffer);
      const shape = [depth, width];
      more.push({
        kind: 'copy',
        x: { buffer: weight.buffer, offset: weight.offset, shape, strides: [k, n] },
        out: { buffer, offset: 0, shape, strides: [row, 1] },
      });
    }
    const lead = weight.shape.slice(0, rowAxes);
    return {
      ...operation,
      weight: { buffer, offset: 0, shape: [...lead, width, depth], strides: [...lead.map(() => 0), 1, row] },
    };
  });
  return { buffers, start: [...start, ...more], run: rewritten };
}
