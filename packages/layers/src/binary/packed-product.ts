import { add, multiply } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import { runPackSigns, runSignMatmul, type Tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { Module } from '../module.ts';
import type { SummaryPart } from '../summary.ts';
import { levelUnit } from './byte-planes.ts';
import { mostOf, type PackedInput, readInput } from './packed-input.ts';
import { SignMatrix, type SignMatrixShape } from './sign-matrix.ts';
import { Thresholds } from './thresholds.ts';

/** The most inputs of which every sum is exact in f32. */
const mostDepth = { signs: 2 ** 24, bytes: 2 ** 16 } as const;

export interface PackedOptions {
  readonly input: PackedInput;
  readonly matrix: SignMatrix;
  /** Thresholds at which sums become packed signs; without, they leave the layer as f32. */
  readonly thresholds?: Thresholds | undefined;
}

/** What dense layers and convolutions with a bit for each weight have in common. */
export abstract class PackedProduct<O extends object = object> extends Module<O> {
  readonly input: PackedInput;
  readonly matrix: SignMatrix;
  readonly thresholds: Thresholds | undefined;

  constructor(options: O, { input, matrix, thresholds }: PackedOptions) {
    super(options);
    if (matrix.depth > mostDepth[input])
      throw new ArgumentError({
        operation: this.title,
        expected: `sums of at most ${mostDepth[input]} ${input}`,
        actual: String(matrix.depth),
      });
    this.input = input;
    this.matrix = matrix;
    this.thresholds = thresholds;
  }

  /**
   * Rows of the input, of so many axes, times the matrix.
   *
   * @param correction added to the sums, in steps
   */
  protected product(x: Tensor, rowAxes: number, correction?: Tensor): Tensor {
    const { input, matrix, thresholds } = this;
    const words = matrix.words.value;
    const bounds = thresholds?.bounds();
    if (bounds && !correction) return runSignMatmul(x, words, matrix.depth, { rowAxes, bounds });
    const plain = runSignMatmul(x, words, matrix.depth, { rowAxes });
    const sums = correction ? add(plain, correction) : plain;
    if (bounds) return runPackSigns(sums, bounds);
    return input === 'bytes' ? multiply(sums, levelUnit) : sums;
  }

  override namedBuffers(): ReadonlyMap<string, Parameter> {
    const all = [this.matrix.words, ...(this.thresholds?.parameters ?? [])];
    return new Map(all.map((parameter) => [parameter.name, parameter]));
  }

  override parts(): readonly SummaryPart[] {
    const { matrix, thresholds } = this;
    const { rows, depth, words } = matrix;
    const weight = { name: 'weight', kind: 'packed signs', shape: [rows, depth], parameters: [words] };
    if (!thresholds) return [weight];
    const { parameters } = thresholds;
    return [weight, { name: 'thresholds', kind: 'thresholds', shape: [rows], parameters }];
  }

  /** The part of the spec that is about input and thresholds. */
  protected get packedSpec(): Readonly<Record<string, unknown>> {
    return { input: this.input, thresholds: this.thresholds !== undefined };
  }
}

export function readPacked(reader: LayerReader, shape: SignMatrixShape): PackedOptions {
  const input = readInput(reader);
  const matrix = SignMatrix.read(reader, shape);
  const range = { channels: shape.rows, most: mostOf(input, matrix.depth) };
  return { input, matrix, ...(reader.flag('thresholds') && { thresholds: Thresholds.read(reader, range) }) };
}
