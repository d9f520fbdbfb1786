import { sizeOf } from '@funhash/tensor';
import type { NetworkBuffer } from '../network.ts';
import { isMatrix, type Operation, storedWeight, viewsOf } from '../operations.ts';

/** What is done once, when a network is loaded, and what is done for each input. */
export interface Staged {
  readonly buffers: readonly NetworkBuffer[];
  readonly start: readonly Operation[];
  readonly run: readonly Operation[];
}

/**
 * Parts what does not depend on the input from what does.
 *
 * @param decode `load`: virtual matrices are decoded once, into memory; `use`: at each use, and are never in memory
 */
export function staged(
  given: readonly NetworkBuffer[],
  operations: readonly Operation[],
  input: number,
  decode: 'load' | 'use',
): Staged {
  const buffers = [...given];
  const start: Operation[] = [];
  const run: Operation[] = [];
  const decoded = new Map<string, number>();
  const depends = dependents(operations, input);
  for (const operation of operations) {
    const { reads, writes } = viewsOf(operation);
    if (![...reads, ...writes].some(({ buffer }) => depends.has(buffer))) {
      start.push(operation);
      continue;
    }
    const { weight } = operation as { readonly weight?: (typeof operation & { kind: 'product' })['weight'] };
    const isFixed =
      operation.kind === 'product' &&
      weight &&
      isMatrix(weight) &&
      weight.stored.every(({ buffer }) => !depends.has(buffer));
    if (!isFixed || decode === 'use' || !weight || !isMatrix(weight)) {
      run.push(operation);
      continue;
    }
    const { rows, cols } = weight;
    const key = `${rows} ${weight.program.key} ${JSON.stringify(weight.stored)}`;
    // A recurrent layer multiplies with one matrix at every step.
    const number = decoded.get(key) ?? buffers.push({ dtype: 'f32', length: sizeOf([rows, cols]) }) - 1;
    if (!decoded.has(key)) {
      const out = { buffer: number, offset: 0, shape: [rows, cols], strides: [cols, 1] };
      start.push({ kind: 'rows', matrix: weight, ids: undefined, out });
      decoded.set(key, number);
    }
    run.push({ ...operation, weight: storedWeight(number, rows, cols, operation.rowAxes) });
  }
  return { buffers, start, run };
}

/** Buffers whose contents depend on the input. */
function dependents(operations: readonly Operation[], input: number): ReadonlySet<number> {
  const found = new Set([input]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const operation of operations) {
      const { reads, writes } = viewsOf(operation);
      if ([...reads, ...writes].some(({ buffer }) => found.has(buffer)))
        for (const { buffer } of writes) found.add(buffer);
    }
  }
  return found;
}

/** Buffers that hold something from one run to the next. */
export function keptBuffers(buffers: readonly NetworkBuffer[], start: Staged['start']): ReadonlySet<number> {
  const kept = new Set(buffers.flatMap(({ values }, number) => (values ? [number] : [])));
  for (const operation of start) for (const { buffer } of viewsOf(operation).writes) kept.add(buffer);
  return kept;
}
