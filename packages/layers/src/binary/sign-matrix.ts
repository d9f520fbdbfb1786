import { reshape } from '@funhash/autodiff';
import { Parameter } from '@funhash/space';
import { runPackSigns, scope, signWords, tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { refuseBits } from './refuse-bits.ts';

export interface SignMatrixShape {
  readonly rows: number;
  /** Parts that a row consists of, such as the places of a kernel. */
  readonly runs: number;
  /** Signs of a run. */
  readonly channels: number;
}

/** A matrix of ±1 [rows, runs · channels], a bit each. Every run fills words of its own, as pixels of packed images do. */
export class SignMatrix implements SignMatrixShape {
  readonly rows: number;
  readonly runs: number;
  readonly channels: number;
  /** i32 [rows, runs · ⌈channels / 32⌉] */
  readonly words: Parameter;

  constructor({ rows, runs, channels }: SignMatrixShape, words: Parameter) {
    this.rows = rows;
    this.runs = runs;
    this.channels = channels;
    this.words = words;
  }

  /** @param values [rows, runs · channels], of ±1 */
  static of(values: Float32Array, shape: SignMatrixShape): SignMatrix {
    const { rows, runs, channels } = shape;
    return scope(() => {
      const packed = runPackSigns(tensor(values, [rows, runs, channels]));
      const words = reshape(packed, [rows, runs * signWords(channels)]);
      return new SignMatrix(shape, new Parameter('words', words));
    });
  }

  static read(reader: LayerReader, shape: SignMatrixShape): SignMatrix {
    const { rows, runs, channels } = shape;
    const words = reader.integers('words', [rows, runs * signWords(channels)]);
    refuseBits('words', words, channels);
    return new SignMatrix(shape, words);
  }

  /** Columns. */
  get depth(): number {
    return this.runs * this.channels;
  }

  /** [rows, runs] */
  runSums(): Float32Array {
    const { rows, runs, channels } = this;
    const words = this.words.value.dataSync<Int32Array>();
    const perRun = signWords(channels);
    return Float32Array.from({ length: rows * runs }, (_, run) => {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) {
        const word = words[run * perRun + (channel >> 5)] as number;
        sum += (word >>> (channel & 31)) & 1 ? 1 : -1;
      }
      return sum;
    });
  }
}
