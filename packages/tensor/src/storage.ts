import type { Backend, DeviceBuffer } from './backend.ts';
import type { DType, TypedArray } from './dtype.ts';
import { bytesPerElement } from './dtype.ts';
import { recorder } from './recorder.ts';

let liveBytes = 0;
let liveBuffers = 0;

/** What tensors hold now, over all backends. */
export function memory(): { readonly buffers: number; readonly bytes: number } {
  return { buffers: liveBuffers, bytes: liveBytes };
}

/** A buffer and where it lies: what is needed to free it, without the storage, which would else never be collected. */
interface Held {
  readonly backend: Backend;
  readonly buffer: DeviceBuffer;
}

function hold(backend: Backend, dtype: DType, length: number): Held {
  const buffer = backend.allocate(dtype, length);
  liveBuffers++;
  liveBytes += length * bytesPerElement[dtype];
  return { backend, buffer };
}

function free({ backend, buffer }: Held): void {
  liveBuffers--;
  liveBytes -= buffer.length * bytesPerElement[buffer.dtype];
  backend.free(buffer);
}

// Storage that scopes and `dispose` never freed is returned when the garbage collector finds its last tensor gone.
const forgotten = new FinalizationRegistry(free);

/** One allocation of a backend, shared by all views on it and freed with the last of them. */
export class Storage {
  /** Grows with every write in place, so that what was derived from the contents can tell that they changed. */
  version = 0;
  #held: Held;
  #references = 0;
  #canBeForgotten = false;
  #isFreed = false;
  #dependents: Set<() => void> | undefined;

  constructor(backend: Backend, dtype: DType, length: number) {
    this.#held = hold(backend, dtype, length);
    recorder?.onAllocate(this.#held.buffer);
  }

  get isFreed(): boolean {
    return this.#isFreed;
  }

  get backend(): Backend {
    return this.#held.backend;
  }

  get buffer(): DeviceBuffer {
    recorder?.onUse(this, this.#held.buffer);
    return this.#held.buffer;
  }

  /** Moves the contents from visible memory to another backend; tensors on it stay as they are. */
  moveTo(backend: Backend): void {
    const before = this.#held;
    recorder?.onMove(before.buffer);
    const { dtype, length } = before.buffer;
    const values = before.backend.host?.(before.buffer) as TypedArray;
    const moved = hold(backend, dtype, length);
    if (values.length > 0) backend.upload(moved.buffer, values);
    this.#held = moved;
    if (this.#canBeForgotten) {
      forgotten.unregister(this);
      forgotten.register(this, moved, this);
    }
    free(before);
  }

  /** Has the garbage collector free it, too: for tensors outside every scope, which nothing else may ever free. */
  freeWhenForgotten(): void {
    if (this.#canBeForgotten) return;
    this.#canBeForgotten = true;
    forgotten.register(this, this.#held, this);
  }

  retain(): void {
    this.#references++;
  }

  release(): void {
    if (--this.#references > 0) return;
    if (this.#canBeForgotten) forgotten.unregister(this);
    this.#isFreed = true;
    free(this.#held);
    for (const call of this.#dependents ?? []) call();
  }

  whenFreed(call: () => void): () => void {
    this.#dependents ??= new Set();
    this.#dependents.add(call);
    return () => void this.#dependents?.delete(call);
  }
}
