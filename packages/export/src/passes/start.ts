import { sizeOf } from '@funhash/tensor';
import type { NetworkBuffer } from '../network.ts';
import { isMatrix, type Matrix, type Operation, storedWeight, viewsOf } from '../operations.ts';

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
  own: readonly NetworkBuffer[],
  all: readonly Operation[],
  input: number,
  decode: 'load' | 'use',
): Staged {
  const buffers = [...own];
  const start: Operation[] = [];
  const run: Operation[] = [];
  const decoded = new Map<string, number>();
  const given = decode === 'use' ? withMatrices(all) : all;
  const depends = dependents(given, input);
  for (const operation of given) {
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

/** Operations in which products decode themselves what was decoded for them into memory. */
function withMatrices(operations: readonly Operation[]): readonly Operation[] {
  const decoded = new Map<number, Matrix>();
  for (const operation of operations)
    if (operation.kind === 'rows' && !operation.ids) decoded.set(operation.out.buffer, operation.matrix);
  const taken = new Set<number>();
  const rewritten = operations.map((operation): Operation => {
    if (operation.kind !== 'product' || isMatrix(operation.weight)) return operation;
    const { weight, width } = operation;
    const matrix = decoded.get(weight.buffer);
    const [n, k] = weight.strides.slice(-2);
    if (!matrix || weight.offset !== 0 || n !== matrix.cols || k !== 1 || width !== matrix.rows)
      return operation;
    taken.add(weight.buffer);
    return { ...operation, weight: matrix };
  });
  const read = new Set(
    rewritten.flatMap((operation) => viewsOf(operation).reads.map(({ buffer }) => buffer)),
  );
  return rewritten.filter(
    (operation) =>
      operation.kind !== 'rows' || !taken.has(operation.out.buffer) || read.has(operation.out.buffer),
  );
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
