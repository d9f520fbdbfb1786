import { checkArgument, option, type Random } from '@funhash/hashing';
import { allocateArray } from '@funhash/tensor';

const drawRule = option.that<Random>(
  'a generator, such as random(0)',
  (value) => typeof value === 'object' && value !== null && 'fillNormal' in value,
);
const countRule = option.that<number>(
  'a whole number ≥ 0',
  (n) => Number.isSafeInteger(n) && (n as number) >= 0,
);

function room(operation: string, draw: Random, count: number): Float64Array {
  checkArgument(operation, 'draw', drawRule, draw);
  checkArgument(operation, 'count', countRule, count);
  return allocateArray('f64', count) as Float64Array;
}

/** Uniform values of mean 0 and the given standard deviation. */
export function uniformValues(draw: Random, count: number, std: number): Float64Array {
  const values = room('uniformValues', draw, count);
  draw.fillUniform(values, -std * Math.sqrt(3), std * Math.sqrt(3));
  return values;
}

/** Normal values of mean 0. */
export function normalValues(draw: Random, count: number, std: number): Float64Array {
  const values = room('normalValues', draw, count);
  draw.fillNormal(values, 0, std);
  return values;
}

/** A rows × cols matrix with orthonormal rows (columns, where rows > cols), by Gram–Schmidt on normal vectors. */
export function orthonormalRows(draw: Random, rows: number, cols: number): Float64Array {
  checkArgument('orthonormalRows', 'rows', countRule, rows);
  checkArgument('orthonormalRows', 'cols', countRule, cols);
  if (rows > cols) return transposedOf(orthonormalRows(draw, cols, rows), cols, rows);
  const values = normalValues(draw, rows * cols, 1);
  const row = (r: number): Float64Array => values.subarray(r * cols, (r + 1) * cols);
  const dot = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, x, k) => sum + x * (b[k] as number), 0);
  for (let r = 0; r < rows; r++) {
    const current = row(r);
    for (let q = 0; q < r; q++) {
      const overlap = dot(current, row(q));
      row(q).forEach((x, k) => {
        current[k] = (current[k] as number) - overlap * x;
      });
    }
    const length = Math.sqrt(dot(current, current));
    current.forEach((x, k) => {
      current[k] = x / length;
    });
  }
  return values;
}

function transposedOf(values: Float64Array, rows: number, cols: number): Float64Array {
  return values.map((_, k) => values[(k % rows) * cols + Math.floor(k / rows)] as number);
}
