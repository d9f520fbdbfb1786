import type { PlanView } from '@funhash/tensor';
import type { NetworkBuffer } from '../network.ts';
import { isMatrix, type Operation, viewsOf } from '../operations.ts';
import { lanes } from '../text/vector-product.ts';
import { levelsOf } from '../values/levels.ts';
import type { Staged } from './start.ts';

/**
 * Has the matrices of products laid out so that channels lie side by side, in rows that vectors divide: those of codes in the file, others at
 * the start.
 */
export function transposed({ buffers: given, start, run }: Staged, input: number): Staged {
  const buffers: NetworkBuffer[] = [...given];
  const more: Operation[] = [];
  const known = new Map<string, number>();
  const written = new Set([
    input,
    ...run.flatMap((operation) => viewsOf(operation).writes.map(({ buffer }) => buffer)),
  ]);
  const users = [...start, ...run].flatMap((operation) => [
    ...viewsOf(operation).reads,
    ...viewsOf(operation).writes,
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
    const stored = buffers[weight.buffer]?.values;
    if (
      buffer === undefined &&
      stored instanceof Float32Array &&
      isOwn(weight, width, users) &&
      levelsOf(stored)
    ) {
      const values = new Float32Array(row * depth);
      stored.forEach((value, at) => {
        values[(at % depth) * row + Math.floor(at / depth)] = value;
      });
      buffer = buffers.push({ dtype: 'f32', length: values.length, values, used: [width, row] }) - 1;
      buffers[weight.buffer] = { dtype: 'f32', length: 0 };
      known.set(key, buffer);
    }
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

/** Whether a matrix is a whole buffer, row by row, that nothing reads otherwise. */
function isOwn(weight: PlanView, width: number, users: readonly PlanView[]): boolean {
  const depth = weight.shape.at(-1) as number;
  const uses = users.filter(({ buffer }) => buffer === weight.buffer);
  return (
    weight.offset === 0 &&
    weight.strides.at(-1) === 1 &&
    weight.strides.at(-2) === depth &&
    uses.every(
      ({ offset, shape, strides }) =>
        offset === 0 &&
        shape.slice(-2).join() === `${width},${depth}` &&
        strides.slice(-2).join() === `${depth},1` &&
        strides.slice(0, -2).every((stride) => stride === 0),
    )
  );
}
