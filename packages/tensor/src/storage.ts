import type { Backend, DeviceBuffer } from './backend.ts';
import type { DType, TypedArray } from './dtype.ts';
import { bytesPerElement } from './dtype.ts';

let liveBytes = 0;
let liveBuffers = 0;

/** What tensors hold now, over all backends. */
export function memory(): { readonly buffers: number; readonly bytes: number } {
  return { buffers: liveBuffers, bytes: liveBytes };
}

// Storage that scopes and `dispose` never freed is returned when the garbage collector finds its last tensor gone.
const forgotten = new FinalizationRegistry<Counted>((counted) => counted.free());

/** The part of a storage that must not hold the storage itself, or it would never be collected. */
class Counted {
  references = 0;
  readonly backend: Backend;
  readonly buffer: DeviceBuffer;
  #freed = false;

  constructor(backend: Backend, buffer: DeviceBuffer) {
    this.backend = backend;
    this.buffer = buffer;
    liveBuffers++;
    liveBytes += buffer.length * bytesPerElement[buffer.dtype];
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    liveBuffers--;
    liveBytes -= this.buffer.length * bytesPerElement[this.buffer.dtype];
    this.backend.free(this.buffer);
  }
}

/** One allocation of a backend, shared by all views on it and freed with the last of them. */
export class Storage {
  /** Grows with every write in place, so that what was derived from the contents can tell that they changed. */
  version = 0;
  #counted: Counted;

  constructor(backend: Backend, dtype: DType, length: number) {
    this.#counted = new Counted(backend, backend.allocate(dtype, length));
    forgotten.register(this, this.#counted, this);
  }

  get backend(): Backend {
    return this.#counted.backend;
  }

  get buffer(): DeviceBuffer {
    return this.#counted.buffer;
  }

  /** Moves the contents from visible memory to another backend; tensors on it stay as they are. */
  moveTo(backend: Backend): void {
    const { buffer, backend: before, references } = this.#counted;
    const values = before.host?.(buffer) as TypedArray;
    const moved = new Counted(backend, backend.allocate(buffer.dtype, buffer.length));
    if (values.length > 0) backend.upload(moved.buffer, values);
    moved.references = references;
    forgotten.unregister(this);
    forgotten.register(this, moved, this);
    this.#counted.free();
    this.#counted = moved;
  }

  retain(): void {
    this.#counted.references++;
  }

  release(): void {
    if (--this.#counted.references > 0) return;
    forgotten.unregister(this);
    this.#counted.free();
  }
}
