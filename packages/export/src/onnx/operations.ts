import { isContiguous, type PlanView, sizeOf } from '@funhash/tensor';
import { ExportError } from '../export-error.ts';
import type { NetworkBuffer } from '../network.ts';
import { isMatrix, type Matrix, type Operation, type OperationOf, type Product } from '../operations.ts';
import { convolutionNodes } from './convolution.ts';
import type { Graph } from './graph.ts';
import type { ElementType, Value } from './parts.ts';
import { programNodes } from './program.ts';
import { viewNodes, writtenNodes } from './views.ts';

/** Whether virtual matrices are decoded whole, which runtimes do when they start, or block by block, at each run. */
export type DecodingMemory = 'folded' | 'scan';

/** Entries of a block of rows. */
const blockEntries = 2 ** 16;

/** Operations as nodes of a graph. What a buffer holds is a value, another one after each operation that writes it. */
export class Nodes {
  readonly #graph: Graph;
  readonly #buffers: readonly NetworkBuffer[];
  readonly #memory: DecodingMemory;
  readonly #values = new Map<number, Value>();
  readonly #decodings = new Map<string, Value>();
  /** Buffers that hold one number throughout, and the extents that they were filled in. */
  readonly #fills = new Map<number, { readonly value: number; readonly shape: readonly number[] }>();

  constructor(graph: Graph, buffers: readonly NetworkBuffer[], memory: DecodingMemory) {
    this.#graph = graph;
    this.#buffers = buffers;
    this.#memory = memory;
  }

  set(buffer: number, value: Value): void {
    this.#values.set(buffer, value);
    this.#fills.delete(buffer);
  }

  read(view: PlanView): Value {
    return viewNodes(this.#graph, this.#whole(view.buffer), view);
  }

  write(operation: Operation): void {
    if (operation.kind === 'fill') this.#fill(operation);
    else if (operation.kind === 'map') this.#map(operation);
    else this.#store(operation.out, this.#result(operation));
  }

  #result(operation: Exclude<Operation, { readonly kind: 'fill' | 'map' }>): Value {
    const graph = this.#graph;
    switch (operation.kind) {
      case 'copy':
        return graph.cast(this.read(operation.x), this.#typeOf(operation.out));
      case 'reduce':
        return this.#reduced(operation);
      case 'argMax': {
        const { x } = operation;
        const attributes = { axis: -1, keepdims: 0 };
        return graph.cast(
          graph.node('ArgMax', [this.read(x)], 'i64', x.shape.slice(0, -1), attributes),
          'i32',
        );
      }
      case 'logSumExp': {
        const { x } = operation;
        const inputs = [this.read(x), graph.list([-1])];
        return graph.node('ReduceLogSumExp', inputs, 'f32', x.shape.slice(0, -1), { keepdims: 0 });
      }
      case 'scan': {
        const { x } = operation;
        const axis = graph.constant(BigInt64Array.of(BigInt(x.shape.length - 1)), []);
        return graph.node('CumSum', [this.read(x), axis], this.#typeOf(x), x.shape);
      }
      case 'gather': {
        const { x, index } = operation;
        const shape = [...index.shape, ...x.shape.slice(1)];
        return graph.node('Gather', [this.read(x), this.read(index)], this.#typeOf(x), shape);
      }
      case 'rows':
        return this.#rows(operation);
      case 'product':
        return this.#product(operation);
      case 'scatterAdd':
        throw unsaid('sums at places that are chosen by numbers', 'Export it as JavaScript or C.');
      default:
        throw unsaid('a packed binary network', 'Export the network as it was before toBinary.');
    }
  }

  #fill({ out, value }: OperationOf<'fill'>): void {
    if (!this.#isWhole(out)) this.#store(out, this.#filled(this.#typeOf(out), out.shape, value));
    else {
      this.#fills.set(out.buffer, { value, shape: out.shape });
      this.#values.delete(out.buffer);
    }
  }

  #typeOf({ buffer }: PlanView): ElementType {
    return this.#buffers[buffer]?.dtype === 'i32' ? 'i32' : 'f32';
  }

  #isWhole(view: PlanView): boolean {
    const { length } = this.#buffers[view.buffer] as NetworkBuffer;
    return view.offset === 0 && sizeOf(view.shape) === length && isContiguous(view.shape, view.strides);
  }

  #filled(type: ElementType, shape: readonly number[], value: number): Value {
    const one = type === 'i32' ? Int32Array.of(value) : Float32Array.of(value);
    const constant = this.#graph.constant(
      one,
      shape.map(() => 1),
    );
    return sizeOf(shape) === 1
      ? constant
      : this.#graph.node('Expand', [constant, this.#graph.list(shape)], type, shape);
  }

  /** What a buffer holds, whole. */
  #whole(buffer: number): Value {
    const known = this.#values.get(buffer);
    if (known) return known;
    const { dtype, length, values } = this.#buffers[buffer] as NetworkBuffer;
    const filled = this.#fills.get(buffer);
    const type = dtype === 'i32' ? 'i32' : 'f32';
    const made =
      values instanceof Float32Array
        ? this.#graph.stored(values, [values.length])
        : values
          ? this.#graph.constant(values as Int32Array, [length])
          : this.#filled(type, filled?.shape ?? [length], filled?.value ?? 0);
    this.#values.set(buffer, made);
    return made;
  }

  #store(view: PlanView, value: Value): void {
    const { buffer } = view;
    if (this.#isWhole(view)) {
      this.set(buffer, this.#graph.reshape(value, view.shape));
      return;
    }
    const filled = this.#fills.get(buffer);
    const padded = filled && this.#padded(view, value, filled);
    this.set(buffer, padded ?? writtenNodes(this.#graph, this.#whole(buffer), view, value));
  }

  /** A value in the middle of one number. */
  #padded(
    view: PlanView,
    value: Value,
    { value: filler, shape }: { readonly value: number; readonly shape: readonly number[] },
  ): Value | undefined {
    if (view.shape.length !== shape.length) return undefined;
    let unit = sizeOf(shape);
    let rest = view.offset;
    const starts: number[] = [];
    for (const [axis, extent] of shape.entries()) {
      unit /= extent;
      const start = Math.floor(rest / unit);
      rest -= start * unit;
      const own = view.shape[axis] as number;
      if ((own > 1 && view.strides[axis] !== unit) || start + own > extent) return undefined;
      starts.push(start);
    }
    const after = starts.map((start, axis) => (shape[axis] as number) - start - (view.shape[axis] as number));
    const constant = value.type === 'i32' ? Int32Array.of(filler) : Float32Array.of(filler);
    const inputs = [value, this.#graph.list([...starts, ...after]), this.#graph.constant(constant, [])];
    return this.#graph.node('Pad', inputs, value.type, shape);
  }

  #map({ program, inputs, outs }: OperationOf<'map'>): void {
    const results = programNodes(this.#graph, program, {
      input: (slot) => this.#graph.cast(this.read(inputs[slot] as PlanView), 'f32'),
    });
    outs.forEach((out, k) => {
      const result = this.#spread(results[k] as Value, out.shape);
      this.#store(out, this.#graph.cast(result, this.#typeOf(out)));
    });
  }

  #spread(value: Value, shape: readonly number[]): Value {
    if (value.shape.join() === shape.join()) return value;
    return this.#graph.node('Expand', [value, this.#graph.list(shape)], value.type, shape);
  }

  #reduced({ how, x, out }: OperationOf<'reduce'>): Value {
    const axes = x.shape.flatMap((extent, axis) => (out.shape[axis] === 1 && extent !== 1 ? [axis] : []));
    const value = this.read(x);
    if (axes.length === 0) return value;
    const name = { sum: 'ReduceSum', max: 'ReduceMax', min: 'ReduceMin' }[how];
    const inputs = [value, this.#graph.list(axes)];
    return this.#graph.node(name, inputs, value.type, out.shape, { keepdims: 1 });
  }

  #rows({ matrix, ids }: OperationOf<'rows'>): Value {
    const graph = this.#graph;
    if (ids) {
      const count = sizeOf(ids.shape);
      const rows = graph.reshape(graph.cast(this.read(ids), 'u32'), [count, 1]);
      return this.#decoded(matrix, count, () => rows);
    }
    const { rows, cols } = matrix;
    if (!this.#isInBlocks(matrix)) return this.#matrix(matrix);
    const blocks = this.#byBlocks(matrix, (part) => part);
    const [count = 0, size = 0] = blocks.shape;
    return graph.slice(graph.reshape(blocks, [count * size, cols]), [0, 0], [rows, cols]);
  }

  /** V, decoded in the graph: once, also where a recurrent layer multiplies with it at every step. */
  #matrix(matrix: Matrix): Value {
    const { rows, cols, program, stored } = matrix;
    const sources = stored.map((view) => [this.#whole(view.buffer).name, view]);
    const key = `${rows} ${cols} ${program.key} ${JSON.stringify(sources)}`;
    const known = this.#decodings.get(key);
    if (known) return known;
    const made = this.#decoded(matrix, rows, () => this.#range(rows, [rows, 1]));
    this.#decodings.set(key, made);
    return made;
  }

  #range(count: number, shape: readonly number[]): Value {
    const graph = this.#graph;
    const bounds = [0, count, 1].map((bound) => graph.constant(BigInt64Array.of(BigInt(bound)), []));
    return graph.reshape(graph.cast(graph.node('Range', bounds, 'i64', [count]), 'u32'), shape);
  }

  /** Rows of V of so many numbers in a column. */
  #decoded({ program, cols, stored }: Matrix, count: number, rows: () => Value): Value {
    const range = (): Value => this.#range(cols, [1, cols]);
    const [entry] = programNodes(this.#graph, program, {
      get row() {
        return rows();
      },
      get col() {
        return range();
      },
      stored: (slot) => {
        const view = stored[slot] as PlanView;
        return this.#graph.reshape(this.read(view), [sizeOf(view.shape)]);
      },
    });
    return this.#spread(entry as Value, [count, cols]);
  }

  #isInBlocks({ rows, stored }: Matrix): boolean {
    // What is made of an input, such as a matrix that another network gives, is not decoded.
    return this.#memory === 'scan' && rows > 1 && stored.length > 0;
  }

  /** What is made of blocks of rows of V, [blocks, …]. Behind the last row it is repeated. */
  #byBlocks(matrix: Matrix, make: (part: Value) => Value): Value {
    const graph = this.#graph;
    const { rows, cols } = matrix;
    const size = Math.min(Math.ceil(blockEntries / cols), Math.ceil(rows / 2));
    const count = Math.ceil(rows / size);
    const all = this.#range(count * size, [count * size]);
    const last = graph.constant(Uint32Array.of(rows - 1), []);
    const inside = count * size > rows ? graph.node('Min', [all, last], 'u32', all.shape) : all;
    return graph.scan(graph.reshape(inside, [count, size, 1]), (part) =>
      make(this.#decoded(matrix, size, () => part)),
    );
  }

  /** Products with blocks of rows of V, side by side: `make` gives those of so many rows as its last axis. */
  #productInBlocks(matrix: Matrix, make: (part: Value, width: number) => Value): Value {
    const graph = this.#graph;
    const blocks = this.#byBlocks(matrix, (part) => make(part, part.shape[0] as number));
    const [count = 0, ...one] = blocks.shape;
    const lead = one.slice(0, -1);
    const size = one.at(-1) as number;
    const turned = graph.transpose(blocks, [...lead.map((_, k) => k + 1), 0, one.length]);
    const joined = graph.reshape(turned, [...lead, count * size]);
    return graph.slice(
      joined,
      joined.shape.map(() => 0),
      [...lead, matrix.rows],
    );
  }

  #product(product: Product): Value {
    const { xs, rowAxes, width, weight, bias, inner, out } = product;
    const graph = this.#graph;
    const [x] = xs as [PlanView, ...PlanView[]];
    const depth = sizeOf(x.shape.slice(rowAxes));
    const image = this.#whole(x.buffer);
    const isShared = isMatrix(weight) || weight.strides.slice(0, rowAxes).every((stride) => stride === 0);
    const matrix = (): Value =>
      isMatrix(weight)
        ? this.#matrix(weight)
        : this.read({
            ...weight,
            shape: weight.shape.slice(rowAxes),
            strides: weight.strides.slice(rowAxes),
          });
    const shift = bias && this.read(bias);
    const flatTimes = (part: Value, columns: number): Value => {
      const count = sizeOf(x.shape.slice(0, rowAxes));
      const flat = graph.reshape(this.read(x), [count, depth]);
      return graph.node('MatMul', [flat, graph.transpose(part, [1, 0])], 'f32', [count, columns]);
    };
    const isWindows = isShared && overlaps(x, rowAxes);
    let sums: Value | undefined;
    let isShifted = false;
    if (isMatrix(weight) && this.#isInBlocks(weight))
      sums = this.#productInBlocks(
        weight,
        (part, columns) =>
          (isWindows && convolutionNodes(graph, { rowAxes, width: columns }, x, image, part, undefined)) ||
          flatTimes(part, columns),
      );
    else if (isWindows) {
      sums = convolutionNodes(graph, product, x, image, matrix(), shift);
      isShifted = sums !== undefined;
    }
    if (!sums && isShared) sums = flatTimes(matrix(), width);
    sums ??= this.#batched(product, x, weight as PlanView, depth);
    let result = graph.reshape(sums, out.shape);
    if (shift && !isShifted) result = graph.node('Add', [result, shift], 'f32', out.shape);
    for (const { program, operands } of inner) {
      const before = result;
      const input = (slot: number): Value => {
        const operand = operands[slot] ?? null;
        return operand ? this.read(operand) : before;
      };
      result = this.#spread(programNodes(graph, program, { input })[0] as Value, out.shape);
    }
    return result;
  }

  /** A product whose matrix is another one along the first axes of rows. */
  #batched({ rowAxes, width }: Product, x: PlanView, weight: PlanView, depth: number): Value {
    const graph = this.#graph;
    const batchAxes = weight.strides
      .slice(0, rowAxes)
      .reduce((last, stride, axis) => (stride === 0 ? last : axis + 1), 0);
    const lead = x.shape.slice(0, batchAxes);
    const rows = sizeOf(x.shape.slice(batchAxes, rowAxes));
    const a = graph.reshape(this.read(x), [...lead, rows, depth]);
    const [n, k] = weight.strides.slice(-2) as [number, number];
    const b = this.read({
      ...weight,
      shape: [...lead, depth, width],
      strides: [...weight.strides.slice(0, batchAxes), k, n],
    });
    return graph.node('MatMul', [a, b], 'f32', [...lead, rows, width]);
  }
}

const unsaid = (actual: string, remedy: string): ExportError =>
  new ExportError({ operation: 'toOnnx', expected: 'what ONNX has operations for', actual, remedy });

/** Whether windows of x share elements. */
function overlaps({ shape, strides }: PlanView, rowAxes: number): boolean {
  const axes = shape
    .map((extent, axis) => ({ extent, stride: strides[axis] as number, isRow: axis < rowAxes }))
    .filter(({ extent, stride }) => extent > 1 && stride > 0)
    .sort((a, b) => b.stride - a.stride);
  return axes.some(({ stride }, k) => {
    const next = axes[k + 1];
    return next !== undefined && next.stride * next.extent > stride;
  });
}
