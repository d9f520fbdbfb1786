import { ArgumentError } from '@funhash/hashing';
import { Parameter } from '@funhash/space';
import { keep, type SignBoundTensors, scope, signWords, type Tensor, tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { Module } from '../module.ts';
import type { Step } from '../steps.ts';
import { refuseBits } from './refuse-bits.ts';

export interface SumRange {
  readonly channels: number;
  /** The largest absolute value of a sum, in steps. */
  readonly most: number;
  /** One step. */
  readonly unit: number;
}

/**
 * Thresholds: for each channel the whole number of steps from which on a sum becomes +1, or, where `below` has its bit, under
 * which: what batch normalisation followed by a sign is for sums of signs (Courbariaux et al. 2016, arXiv:1602.02830,
 * section 1).
 */
export class Thresholds {
  readonly channels: number;
  readonly #least: Parameter;
  readonly #below: Parameter;
  readonly #bounds = new Map<number, SignBoundTensors>();

  /**
   * @param least i32 [channels]
   * @param below packed signs of the channels
   */
  constructor(channels: number, least: Parameter, below: Parameter) {
    this.channels = channels;
    this.#least = least;
    this.#below = below;
  }

  /** @throws ArgumentError for a threshold that no sum could have */
  static read(reader: LayerReader, { channels, most }: Omit<SumRange, 'unit'>): Thresholds {
    const least = reader.integers('least', [channels]);
    const stranger = least.value.dataSync<Int32Array>().find((sum) => Math.abs(sum) > most);
    if (stranger !== undefined)
      throw new ArgumentError({
        operation: 'thresholds',
        expected: `least sums from ${-most} to ${most}`,
        actual: String(stranger),
      });
    const below = reader.integers('below', [signWords(channels)]);
    refuseBits('below', below, channels);
    return new Thresholds(channels, least, below);
  }

  get parameters(): readonly Parameter[] {
    return [this.#least, this.#below];
  }

  /** Bounds of sums in steps of `unit`. */
  bounds(unit = 1): SignBoundTensors {
    const known = this.#bounds.get(unit);
    if (known) return known;
    const least = Float32Array.from(this.#least.value.dataSync<Int32Array>(), (sum) => sum * unit);
    const made = { least: keep(tensor(least)), below: this.#below.value };
    this.#bounds.set(unit, made);
    return made;
  }
}

/** Something that makes a value of each channel by itself, and what it does. */
export interface ChannelwiseUnit {
  readonly layer: Module;
  readonly steps: readonly Step<Module>[];
}

/**
 * The thresholds of layers that make a sign of each channel by itself, found by running these very layers on sums, so
 * that no rounding of theirs differs: between the least and the greatest sum the sign changes at most once, and
 * bisection finds where.
 *
 * @param units from sums [B, channels] to signs, each channel rising or falling: batch normalisation, signs
 */
export async function thresholdsOf(units: readonly ChannelwiseUnit[], range: SumRange): Promise<Thresholds> {
  const { channels, most } = range;
  for (const unit of units) await requireNumbers(unit);
  const layers = units.map(({ layer }) => layer);
  const low = new Int32Array(channels).fill(-most);
  const high = new Int32Array(channels).fill(most);
  const first = await signsAt(low, layers, range);
  const last = await signsAt(high, layers, range);
  const isChanging = last.map((sign, n) => Number(sign !== first[n]));
  // The sign at `low` is that of `first`, the sign at `high` is not.
  while (low.some((sum, n) => isChanging[n] && (high[n] as number) - sum > 1)) {
    const middle = low.map((sum, n) => Math.floor((sum + (high[n] as number)) / 2));
    const signs = await signsAt(middle, layers, range);
    middle.forEach((sum, n) => {
      if (signs[n] === first[n]) low[n] = sum;
      else high[n] = sum;
    });
  }
  const least = high.map((sum, n) => (isChanging[n] ? sum : -most));
  const below = new Int32Array(signWords(channels));
  // Falling, or −1 throughout.
  last.forEach((sign, n) => {
    if (sign === -1) below[n >> 5] = (below[n >> 5] as number) | (1 << (n & 31));
  });
  return new Thresholds(
    channels,
    new Parameter('least', tensor(least)),
    new Parameter('below', tensor(below)),
  );
}

async function signsAt(
  steps: Int32Array,
  layers: readonly Module[],
  { channels, unit }: SumRange,
): Promise<Float32Array> {
  const sums = Float32Array.from(steps, (step) => step * unit);
  const out = scope(() => layers.reduce<Tensor>((x, layer) => layer.forward(x), tensor(sums, [1, channels])));
  const signs = Float32Array.from(await out.data());
  out.dispose();
  return signs;
}

/** @throws ArgumentError where normalisation would make NaN of sums, of which no sign is the right one */
async function requireNumbers({ steps }: ChannelwiseUnit): Promise<void> {
  for (const step of steps) {
    if (step.type !== 'affine') continue;
    for (const values of Object.values(scope(step.terms))) {
      const channel = (await values.data()).findIndex((value) => !Number.isFinite(value));
      values.dispose();
      if (channel >= 0)
        throw new ArgumentError({
          operation: 'toBinary',
          expected: 'normalisation that gives numbers',
          actual: `others for channel ${channel}`,
          remedy: 'A variance below 0, or of 0 without epsilon, is none.',
        });
    }
  }
}
