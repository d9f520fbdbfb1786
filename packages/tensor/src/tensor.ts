import { ArgumentError } from '@funhash/hashing';
import type { Backend, DeviceBuffer, View } from './backend.ts';
import type { DType, TypedArray } from './dtype.ts';
import { BackendError, DisposedError, ShapeError } from './errors.ts';
import { recorder } from './recorder.ts';
import { runKernel } from './run-kernel.ts';
import { contiguousStrides, isContiguous, type Shape, shapeText, sizeOf } from './shape.ts';
import { Storage } from './storage.ts';

declare global {
  /** Stands in the types that are published, so that programs compile without `lib: ESNext.Disposable`. */
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

export type NestedArray = number | readonly NestedArray[];

/**
 * The tensors that a scope has to free, a list linked through the tensors themselves: one that is made, moved or
 * disposed costs a few assignments.
 */
export interface Scope {
  last: Tensor | undefined;
}

let currentScope: Scope | undefined;

/**
 * A strided window on backend memory: immutable to its users, freed by its scope, by `dispose` or `using`, or by the
 * garbage collector. Elements are in row-major order of `shape`.
 */
export class Tensor implements View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly #storage: Storage;
  #disposed = false;
  #scope: Scope | undefined;
  #previous: Tensor | undefined;
  #next: Tensor | undefined;

  /** Tensors are made by `tensor`, `zeros`, … and by ops; this constructor is for backends and views. */
  constructor(storage: Storage, shape: Shape, strides?: readonly number[], offset = 0) {
    if (!(storage instanceof Storage) || !Array.isArray(shape)) throw misused();
    storage.retain();
    this.#storage = storage;
    this.shape = shape;
    this.strides = strides ?? contiguousStrides(shape);
    this.offset = offset;
    this.#enter(currentScope);
  }

  get storage(): Storage {
    if (this.#disposed)
      throw new DisposedError({
        operation: `tensor ${shapeText(this.shape)}`,
        expected: 'a live tensor',
        actual: 'one that was disposed or whose scope has ended',
        remedy: 'Return it from the scope, or `keep` it.',
      });
    return this.#storage;
  }

  get buffer(): DeviceBuffer {
    return this.storage.buffer;
  }

  get backend(): Backend {
    return this.#storage.backend;
  }

  get dtype(): DType {
    return this.#storage.buffer.dtype;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get rank(): number {
    return this.shape.length;
  }

  get isContiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /**
   * A copy of the elements in row-major order, in an array of the dtype's kind. Types do not know it: name the kind
   * where it is not that of f32, as in `data<Int32Array>()`.
   */
  async data<A extends TypedArray = Float32Array>(): Promise<A> {
    recorder?.onBreak('data', `${this}, whose values are read`);
    const source = this.contiguous();
    // A scope that ends while the download is under way must not free the copy.
    if (source !== this) source.detachFromScope();
    try {
      const all = await this.backend.download(source.buffer);
      return (all.length === this.size ? all : all.slice(source.offset, source.offset + this.size)) as A;
    } finally {
      if (source !== this) source.dispose();
    }
  }

  /**
   * The elements, row by row, at once: `data` waits for the device.
   *
   * @throws BackendError where the backend's memory is not visible to script (GPU)
   */
  dataSync<A extends TypedArray = Float32Array>(): A {
    recorder?.onBreak('dataSync', `${this}, whose values are read`);
    const { host, name } = this.backend;
    if (!host)
      throw new BackendError({
        operation: 'dataSync',
        expected: 'a backend with memory visible to script',
        actual: `backend ${name}`,
        remedy: 'Use `await tensor.data()`.',
      });
    const source = this.contiguous();
    const values = host
      .call(this.backend, source.buffer)
      .slice(source.offset, source.offset + this.size) as A;
    if (source !== this) source.dispose();
    return values;
  }

  /** The only element of a tensor of size 1. */
  item(): number {
    if (this.size !== 1)
      throw new ShapeError({ operation: 'item', expected: 'one element', actual: shapeText(this.shape) });
    return this.dataSync()[0] as number;
  }

  /** Nested arrays as deep as the rank. */
  toArray(): NestedArray {
    const values = this.dataSync();
    const strides = contiguousStrides(this.shape);
    const build = (axis: number, at: number): NestedArray =>
      axis === this.rank
        ? (values[at] as number)
        : Array.from({ length: this.shape[axis] as number }, (_, k) =>
            build(axis + 1, at + k * (strides[axis] as number)),
          );
    return build(0, 0);
  }

  /** This tensor where its elements lie in row-major order, else a copy that does. */
  contiguous(): Tensor {
    if (this.isContiguous) return this;
    const { backend, buffer } = this.storage;
    const out = new Tensor(new Storage(backend, buffer.dtype, this.size), this.shape);
    runKernel(backend, 'copy', [this, out]);
    return out;
  }

  /** Another window on the same memory. */
  view(shape: Shape, strides: readonly number[], offset: number): Tensor {
    return new Tensor(this.storage, shape, strides, offset);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#leave();
    this.#storage.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  detachFromScope(): void {
    if (this.#disposed) return;
    this.#leave();
    this.#enter(undefined);
  }

  toString(): string {
    return `Tensor(${shapeText(this.shape)}, ${this.dtype}, ${this.backend.name})`;
  }

  #enter(scope: Scope | undefined): void {
    if (!scope) {
      this.#storage.freeWhenForgotten();
      return;
    }
    this.#scope = scope;
    this.#previous = scope.last;
    if (scope.last) scope.last.#next = this;
    scope.last = this;
  }

  #leave(): void {
    if (!this.#scope) return;
    if (this.#previous) this.#previous.#next = this.#next;
    if (this.#next) this.#next.#previous = this.#previous;
    else this.#scope.last = this.#previous;
    this.#scope = undefined;
    this.#previous = undefined;
    this.#next = undefined;
  }

  /** Starts collecting tensors and returns what was collecting before: the beginning of a `scope`. */
  static enterScope(): Scope | undefined {
    const outer = currentScope;
    currentScope = { last: undefined };
    return outer;
  }

  /** Frees what was collected but `survivors`, which move to the outer scope: the end of a `scope`. */
  static leaveScope(outer: Scope | undefined, survivors: Iterable<Tensor>): void {
    const ended = currentScope as Scope;
    currentScope = outer;
    for (const tensor of survivors) {
      if (tensor.#scope !== ended) continue;
      tensor.#leave();
      tensor.#enter(outer);
    }
    while (ended.last) ended.last.dispose();
  }
}

function misused(): ArgumentError {
  return new ArgumentError({
    operation: 'Tensor',
    expected: 'a storage, a shape and strides',
    actual: 'something else',
    remedy: 'Make tensors with tensor(values, shape), zeros(shape) and the like.',
  });
}
