import type { Parameter } from '@funhash/space';

/** Stored values of quantised weights in a file: their nearest multiples, which decode to the same entries. */
export class SavedCodes {
  readonly #all: ReadonlyMap<string, Parameter>;
  /** Names of stored values whose multiples others are: these must not be rounded. */
  readonly #units = new Set<string>();

  constructor(saved: ReadonlyMap<string, Parameter>) {
    this.#all = saved;
    for (const [name, { rule }] of saved)
      if (rule.multiples) this.#units.add(unitOf(name, rule.multiples.of));
  }

  /** The format that a file must have for a tensor; undefined: any. */
  formatOf(name: string): 'coded' | 'f32' | undefined {
    if (this.#all.get(name)?.rule.multiples) return 'coded';
    return this.#units.has(name) ? 'f32' : undefined;
  }

  /** What a file holds of the values of a tensor. */
  async settled<T>(name: string, values: T): Promise<T | Float32Array> {
    const { multiples } = this.#all.get(name)?.rule ?? {};
    const unit = multiples && this.#all.get(unitOf(name, multiples.of));
    if (!multiples || !unit || !(values instanceof Float32Array)) return values;
    const [step = 1] = await unit.value.data();
    const { low, high } = multiples;
    // In f32 as products are decoded, so that a value in the middle goes the same way.
    return values.map((x) => {
      const ratio = Math.max(low, Math.min(high, Math.fround(x / (step as number))));
      return Math.floor(Math.fround(ratio + 0.5)) * (step as number);
    });
  }
}

const unitOf = (name: string, unit: string): string => name.slice(0, name.lastIndexOf('.') + 1) + unit;
