import type { LinearMemory } from './linear-memory.ts';

/** A block of memory through which operands are passed to compiled code; it grows with the longest list. */
export class OperandBlock {
  readonly #memory: LinearMemory;
  #address = 0;
  #bytes = 0;

  constructor(memory: LinearMemory) {
    this.#memory = memory;
  }

  /** The address of at least `bytes` bytes; what was passed before is gone. */
  reserve(bytes: number): number {
    if (this.#memory.trace) return this.#memory.trace.lasting(bytes);
    if (bytes > this.#bytes) {
      if (this.#bytes > 0) this.#memory.free(this.#address, this.#bytes);
      this.#bytes = Math.max(1024, bytes * 2);
      this.#address = this.#memory.allocate(this.#bytes);
    }
    return this.#address;
  }
}
