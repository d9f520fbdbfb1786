import type { Program } from '@funhash/formula';
import type { VirtualView } from '@funhash/tensor';
import type { Device, DeviceArray } from '../device.ts';
import { programId } from '../program-operands.ts';
import { entriesByIndex, type Sorted } from './sorted-entries.ts';
import type { Strip } from './strips.ts';

/** A table on the device; the caller owns its arrays, too. */
export interface Table extends Omit<Sorted, 'entries' | 'parts'> {
  readonly entries: DeviceArray;
  readonly parts: DeviceArray | undefined;
}

/** Strips of the largest matrix whose tables stay on the device, and of all that stay there together. */
const residentStrips = 4;
const allResidentStrips = 8;
const mostTables = 64;
/** Elements of all tables on the host together. */
const mostOnHost = 2 ** 27;

/**
 * Tables of entries by index. Indices never depend on values, so that the host makes a table once.
 *
 * Those of large matrices stay on the host and go up strip by strip in every step: 4 bytes an entry. Sorting the
 * indices on the device again would cost it more: a bitonic sort of 2²² entries is 253 passes of two reads and a write
 * of 8 bytes each, 6 kB an entry, more than the product that forms dV reads at batch 128 (1 kB). Nor would packing
 * help: an entry of a strip takes 22 bits of the 24 that f32 holds.
 */
export class EntryTables {
  readonly #device: Device;
  readonly #stripEntries: number;
  readonly #resident = new Map<string, Table>();
  readonly #onHost = new Map<string, Sorted>();

  /** @param stripEntries entries of a strip */
  constructor(device: Device, stripEntries: number) {
    this.#device = device;
    this.#stripEntries = stripEntries;
  }

  /** The table of rows by their numbers, made for this use. */
  ofRows(index: Program, v: VirtualView, rows: Int32Array, indices: number): Table {
    return this.#upload(entriesByIndex(index, v, rows, indices));
  }

  /** @param rows of the whole matrix that the strip is of */
  ofStrip(index: Program, v: VirtualView, strip: Strip, rows: number, indices: number): Table {
    const key = [programId(index), strip.first, strip.count, v.cols, v.uniforms, indices].join(':');
    const make = (): Sorted => entriesByIndex(index, v, strip, indices);
    if (rows * v.cols > residentStrips * this.#stripEntries)
      return this.#upload(
        recent(this.#onHost, key, make, { tables: Number.POSITIVE_INFINITY, elements: mostOnHost }),
      );
    const limits = { tables: mostTables, elements: allResidentStrips * this.#stripEntries };
    const table = recent(this.#resident, key, () => this.#upload(make()), limits, releaseTable);
    table.entries.retain();
    table.parts?.retain();
    return table;
  }

  #upload({ entries, parts, ...rest }: Sorted): Table {
    return {
      ...rest,
      entries: this.#device.upload(entries),
      parts: parts && this.#device.upload(parts),
    };
  }
}

export function releaseTable({ entries, parts }: Table): void {
  entries.release();
  parts?.release();
}

/** What is kept under a key, or made; what was not used for longest goes where there is too much. */
function recent<T extends { readonly entries: { readonly length: number } }>(
  kept: Map<string, T>,
  key: string,
  make: () => T,
  most: { readonly tables: number; readonly elements: number },
  drop?: (dropped: T) => void,
): T {
  const found = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, found);
  let elements = 0;
  for (const { entries } of kept.values()) elements += entries.length;
  for (const [first, table] of kept) {
    if ((kept.size <= most.tables && elements <= most.elements) || first === key) break;
    elements -= table.entries.length;
    drop?.(table);
    kept.delete(first);
  }
  return found;
}
