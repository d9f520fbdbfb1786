import type { Parameter } from '@funhash/space';
import { runPackSigns, type Tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { type LayerSpec, Module } from '../module.ts';
import type { SummaryPart } from '../summary.ts';
import { mostOf, type PackedInput, readInput, unitOf } from './packed-input.ts';
import { Thresholds } from './thresholds.ts';

/** Sums and where they become signs. */
export interface ThresholdedSums {
  /** What they are sums of, and of how many. */
  readonly input: PackedInput;
  readonly depth: number;
  readonly thresholds: Thresholds;
}

/**
 * Packs the signs of x [..., channels], by thresholds where x are sums: i32 [..., ⌈channels / 32⌉]. `toBinary` makes it.
 */
export class PackSigns extends Module {
  static override readonly type: string = 'packSigns';
  readonly sums: ThresholdedSums | undefined;

  constructor(sums?: ThresholdedSums) {
    super();
    this.sums = sums;
  }

  compute(x: Tensor): Tensor {
    return runPackSigns(x, this.sums?.thresholds.bounds(unitOf(this.sums.input)));
  }

  override namedBuffers(): ReadonlyMap<string, Parameter> {
    return new Map(this.sums?.thresholds.parameters.map((parameter) => [parameter.name, parameter]));
  }

  override parts(): readonly SummaryPart[] {
    if (!this.sums) return [];
    const { channels, parameters } = this.sums.thresholds;
    return [{ name: 'thresholds', kind: 'thresholds', shape: [channels], parameters }];
  }

  override get spec(): LayerSpec {
    if (!this.sums) return { type: PackSigns.type };
    const { input, depth, thresholds } = this.sums;
    return { type: PackSigns.type, input, depth, channels: thresholds.channels };
  }

  static override fromSpec(reader: LayerReader): PackSigns {
    if (!reader.has('channels')) return new PackSigns();
    const [input, depth] = [readInput(reader), reader.count('depth')];
    const most = mostOf(input, depth);
    return new PackSigns({
      input,
      depth,
      thresholds: Thresholds.read(reader, { channels: reader.count('channels'), most }),
    });
  }
}
