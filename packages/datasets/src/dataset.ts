/** Samples and their answers: labels of classes, or targets. `fit` takes them beside the data set's `inputShape`. */
export interface Samples {
  /** Number of samples. */
  readonly count: number;
  /** Samples one after the other, `[count, …inputShape]`, last axis fastest. */
  readonly inputs: Uint8Array | Float32Array | Int32Array;
  /** Class of each sample, `[count]`. */
  readonly labels?: Uint8Array | Int32Array;
  /** Numbers to fit, `[count, …targetShape]`. */
  readonly targets?: Float32Array;
}

/** Samples to train with and to test with, and what they are. */
export interface Dataset {
  /** Short name for tables of results. Generated stand-ins for real data say so here. */
  readonly name: string;
  /** Origin of the samples, in one sentence. */
  readonly description: string;
  /** Shape of one sample: `[height, width, channels]` of images, `[T, features]` of sequences. */
  readonly inputShape: readonly number[];
  /** Type of the numbers: `u8` are pixels 0–255, `i32` tokens. */
  readonly dtype: 'u8' | 'f32' | 'i32';
  /** Numbers of words, padding (0) included, where samples are words: rows that an embedding needs. */
  readonly tokens?: number;
  /** Number of classes, where there are labels: they lie in 0 … classes − 1. */
  readonly classes?: number;
  /** Names of the classes, in their order. */
  readonly classNames?: readonly string[];
  /** Shape of one target, where there are targets. */
  readonly targetShape?: readonly number[];
  /**
   * Whether neighbouring samples belong together, as windows of one series or reviews of one film do: those held out for
   * validation are then the last ones, for drawn ones would stand among their like.
   */
  readonly isOrdered?: boolean;
  /** Target 0 and target 1 in the unit of the data, where targets are scaled. */
  readonly targetScale?: readonly [zero: number, one: number];
  /** What made the samples of what a user has, as plain JSON; it goes into the signature of models. */
  readonly transformation?: Readonly<Record<string, unknown>>;
  readonly train: Samples;
  readonly test: Samples;
}
