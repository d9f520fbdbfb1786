/** Every block starts on a cache line and is a whole number of them. */
const lineBytes = 64;

/** A range this much larger than the most that was handed out is spent without looking for room in it. */
const spareRange = 2 ** 21;

/**
 * Hands out blocks of an address range that grows at its end. Sizes are rounded to classes, eight to an octave, and
 * a freed block waits in the list of its class for the next request of that class: a training step asks for the
 * same sizes again and again. Blocks of other classes are split, and neighbours joined, only where the range would else
 * grow beyond what is needed anyhow: the next step lacks a block that was split or joined, and would look for another.
 */
export class Allocator {
  #end: number;
  #usedBytes = 0;
  #peakBytes = 0;
  #freeBytes = 0;
  readonly #free = new Map<number, number[]>();

  /** @param start first address, a multiple of 64 */
  constructor(start: number) {
    this.#end = start;
  }

  /** Bytes of the blocks that are handed out. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The most that blocks handed out had at one time. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** One past the highest address ever handed out. */
  get end(): number {
    return this.#end;
  }

  /**
   * The address of a free block of at least `bytes` bytes, a multiple of 64.
   *
   * @param reserve asked before the range grows beyond `end`; it throws where it cannot
   */
  allocate(bytes: number, reserve: (end: number) => void): number {
    const size = blockBytes(bytes);
    const address = this.#reuse(size) ?? this.#extend(size, reserve);
    this.#usedBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
    return address;
  }

  /** Gives back a block: the address and the byte count of its request. */
  free(address: number, bytes: number): void {
    const size = blockBytes(bytes);
    this.#usedBytes -= size;
    this.#release(address, size);
  }

  #reuse(size: number): number | undefined {
    const address = this.#free.get(size)?.pop();
    if (address !== undefined) this.#freeBytes -= size;
    return address;
  }

  #extend(size: number, reserve: (end: number) => void): number {
    const isAmple = this.#end + size > spareRange + this.#peakBytes;
    const found = isAmple ? this.#search(size) : undefined;
    if (found !== undefined) return found;
    try {
      return this.#grow(size, reserve);
    } catch {
      this.#join();
      return this.#split(size) ?? this.#grow(size, reserve);
    }
  }

  #grow(size: number, reserve: (end: number) => void): number {
    const address = this.#end;
    reserve(address + size);
    this.#end = address + size;
    return address;
  }

  // In the other free blocks.
  #search(size: number): number | undefined {
    if (this.#freeBytes < size) return undefined;
    const found = this.#split(size);
    if (found !== undefined) return found;
    this.#join();
    return this.#split(size);
  }

  #release(address: number, size: number): void {
    const list = this.#free.get(size);
    if (list) list.push(address);
    else this.#free.set(size, [address]);
    this.#freeBytes += size;
  }

  // A free block that was joined, or is left of a split one, may have any size that is a multiple of a line.
  #join(): void {
    const blocks = [...this.#free]
      .flatMap(([size, list]) => list.map((address) => ({ address, size })))
      .sort((a, b) => a.address - b.address);
    this.#free.clear();
    this.#freeBytes = 0;
    let open: { address: number; size: number } | undefined;
    for (const block of blocks) {
      if (open && open.address + open.size === block.address) open.size += block.size;
      else {
        if (open) this.#release(open.address, open.size);
        open = block;
      }
    }
    if (!open) return;
    if (open.address + open.size === this.#end) this.#end = open.address;
    else this.#release(open.address, open.size);
  }

  #split(size: number): number | undefined {
    let best = Number.POSITIVE_INFINITY;
    for (const [free, list] of this.#free) if (free >= size && free < best && list.length > 0) best = free;
    if (best === Number.POSITIVE_INFINITY) return undefined;
    const address = this.#reuse(best) as number;
    if (best > size) this.#release(address + size, best - size);
    return address;
  }
}

/** The size of the block that a request of `bytes` gets: at most an eighth more, or one line. */
export function blockBytes(bytes: number): number {
  const lines = Math.max(1, Math.ceil(bytes / lineBytes));
  const octave = 31 - Math.clz32(lines);
  const step = octave > 3 ? 2 ** (octave - 3) : 1;
  return Math.ceil(lines / step) * step * lineBytes;
}
