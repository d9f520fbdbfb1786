/** Difference of two sequences as a matrix. */
interface Difference {
  readonly values: Float64Array;
  readonly rows: number;
  readonly cols: number;
}

/** Norms of the difference between a test and its seed. A sequence is a matrix whose rows are its steps. */
export const norms = {
  /** Largest singular value, as the authors' code has it: numpy's `ord=2` over two axes. */
  spectral: ({ values, rows, cols }: Difference): number =>
    Math.sqrt(largestEigenvalue(gram(values, rows, cols))),
  /** Root of the sum of squares, the usual L2 distance. */
  frobenius: ({ values }: Difference): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)),
  /** Largest absolute value, L∞. */
  max: ({ values }: Difference): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
} as const;

export type NormName = keyof typeof norms;

/** Products of all pairs of columns, or of rows where they are fewer. */
function gram(values: Float64Array, rows: number, cols: number): Float64Array[] {
  const isWide = cols > rows;
  const [size, depth] = isWide ? [rows, cols] : [cols, rows];
  const at = (k: number, i: number): number => values[isWide ? i * cols + k : k * cols + i] as number;
  const out = Array.from({ length: size }, () => new Float64Array(size));
  for (let k = 0; k < depth; k++)
    for (let i = 0; i < size; i++) {
      const x = at(k, i);
      if (x === 0) continue;
      const row = out[i] as Float64Array;
      for (let j = 0; j < size; j++) row[j] = (row[j] as number) + x * at(k, j);
    }
  return out;
}

/** Power iteration: the quotient's error falls with the square of the vector's. */
function largestEigenvalue(matrix: readonly Float64Array[]): number {
  let vector = Float64Array.from(matrix, (row) => row.reduce((sum, x) => sum + Math.abs(x), 0));
  let value = 0;
  for (let k = 0; k < 1000; k++) {
    const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    if (length === 0) return 0;
    const unit = vector.map((x) => x / length);
    vector = Float64Array.from(matrix, (row) => {
      let sum = 0;
      for (let j = 0; j < row.length; j++) sum += (row[j] as number) * (unit[j] as number);
      return sum;
    });
    let next = 0;
    for (let j = 0; j < unit.length; j++) next += (unit[j] as number) * (vector[j] as number);
    if (Math.abs(next - value) <= 1e-12 * next) return next;
    value = next;
  }
  return value;
}
