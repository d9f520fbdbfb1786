import { PlanError, type TypedArray } from '@funhash/tensor';

/** An array and its shape. */
export interface PredictedArray {
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** What runs one batch of fixed shape: memory for its input and its output, valid until the next run. */
export interface BatchRunner {
  /** What runs: WebAssembly code, or a plan by plain script. */
  readonly by: 'code' | 'plan';
  readonly input: PredictedArray;
  readonly output: PredictedArray;
  run(): void;
}

/** A model that only answers: made by `readPredictor` of a file that `predictorFile` has written. */
export class Predictor {
  readonly #runner: BatchRunner;
  /** What inputs and outputs mean, as the model had it: read from the file and not checked. */
  readonly signature: unknown;

  constructor(runner: BatchRunner, signature: unknown) {
    this.#runner = runner;
    this.signature = signature;
  }

  /** What runs it: WebAssembly code, or its plan by plain script. */
  get by(): 'code' | 'plan' {
    return this.#runner.by;
  }

  /** Shape of one input. */
  get inputShape(): readonly number[] {
    return this.#runner.input.shape.slice(1);
  }

  /**
   * Outputs [N, …] of inputs [N, …], row by row in one flat array. Rows that fill no whole batch are run as one that is filled up.
   *
   * @param inputs N times as many numbers as one input has
   * @throws PlanError for another number of them, and whatever a kernel says of an index out of range
   */
  predict(inputs: ArrayLike<number>): PredictedArray {
    const { input, output } = this.#runner;
    const batch = input.shape[0] as number;
    const [width, outWidth] = [input.data.length / batch, output.data.length / batch];
    const count = inputs.length / width;
    if (!(Number.isInteger(count) && count > 0))
      throw new PlanError({
        operation: 'predict',
        expected: `a multiple of ${width} numbers`,
        actual: String(inputs.length),
      });
    const data = new (output.data.constructor as new (length: number) => TypedArray)(count * outWidth);
    for (let first = 0; first < count; first += batch) {
      const rows = Math.min(batch, count - first);
      for (let k = 0; k < rows * width; k++) input.data[k] = inputs[first * width + k] as number;
      input.data.fill(0, rows * width);
      this.#runner.run();
      data.set(output.data.subarray(0, rows * outWidth), first * outWidth);
    }
    return { shape: [count, ...output.shape.slice(1)], data };
  }
}
