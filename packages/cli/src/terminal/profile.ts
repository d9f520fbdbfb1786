import { currentBackend } from '@funhash/tensor';

/** What a backend counts since its start, and what lives on its device. */
interface Counters {
  readonly passes: number;
  readonly kernels: number;
  readonly uploadedBytes: number;
  readonly reads: number;
  readonly readBytes: number;
  readonly arrays: number;
  readonly arrayBytes: number;
}

interface Moment {
  readonly step: number;
  readonly counters: Counters;
}

/** Follows the counters of the backend from step to step, for `--profile`. */
export class StepProfile {
  #last: Moment | undefined;
  #latest: { readonly from: Moment; readonly to: Moment } | undefined;
  #texturesAlive = { least: Number.POSITIVE_INFINITY, most: 0 };

  /** Takes note of the counters after a step. */
  note(step: number): void {
    const { counters: read } = currentBackend() as { counters?(): Counters };
    if (!read) return;
    const now = { step, counters: read() };
    if (this.#last) this.#latest = { from: this.#last, to: now };
    this.#last = now;
    const { least, most } = this.#texturesAlive;
    const { arrays } = now.counters;
    this.#texturesAlive = { least: Math.min(least, arrays), most: Math.max(most, arrays) };
  }

  /** An epoch's end evaluates: what it does is of no step. */
  interrupt(): void {
    this.#last = undefined;
  }

  toString(): string {
    if (!this.#latest)
      return `profile: backend ${currentBackend().name} counts nothing, or ran too few steps`;
    const { from, to } = this.#latest;
    const a = (name: 'passes' | 'uploadedBytes' | 'reads' | 'readBytes'): string =>
      String(Math.round((to.counters[name] - from.counters[name]) / (to.step - from.step)));
    const { least, most } = this.#texturesAlive;
    const alive = `${least} to ${most}`;
    return (
      `profile: a step takes ${a('passes')} passes, ${a('uploadedBytes')} bytes up, ` +
      `${a('reads')} read-backs of ${a('readBytes')} bytes; ` +
      `${alive} textures alive between steps, ${to.counters.arrayBytes} bytes; ${to.counters.kernels} kernels`
    );
  }
}
