import { ArgumentError } from '@funhash/hashing';
import { transposed } from './plain-matrix.ts';

/** Eigenvalues, descending, and orthonormal eigenvectors as rows: A·vᵢ = λᵢ·vᵢ. */
export interface SymmetricEigen {
  /** [size] */
  readonly values: Float64Array;
  /** [size, size] */
  readonly vectors: Float64Array;
}

/** Sweeps for one eigenvalue; two are usual. */
const mostSweeps = 100;
const epsilon = 2 ** -52;
/** What is smaller than this part of the largest entry counts as 0. */
const nothing = 2 ** -200;

/**
 * Finds all eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to a tridiagonal matrix, then QL with
 * implicit shifts (Martin, Reinsch and Wilkinson 1968, "Householder's tridiagonalization of a symmetric matrix"; Dubrulle,
 * Martin and Wilkinson 1968, "The implicit QL algorithm"; EISPACK tred2 and imtql2). Errors are a few roundings of the
 * largest eigenvalue.
 *
 * @param matrix [size, size]; of its entries above the diagonal none is used
 * @throws ArgumentError where an entry is not finite
 */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const scale = powerOfTwoNear(matrix);
  const reduced = matrix.map((x) => x / scale);
  const { diagonal, beside, heights } = tridiagonalized(reduced, size);
  const columns = transposed(accumulated(reduced, heights, size), size, size);
  diagonalize(diagonal, beside, columns);
  const vectors = transposed(columns, size, size);
  const order = Array.from(diagonal.keys()).sort((a, b) => (diagonal[b] as number) - (diagonal[a] as number));
  const sorted = new Float64Array(size * size);
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size);
  });
  return { values: Float64Array.from(order, (k) => (diagonal[k] as number) * scale), vectors: sorted };
}

/** Division by it is exact and keeps squares and their sums in range. */
function powerOfTwoNear(values: Float64Array): number {
  let largest = 0;
  for (const x of values) {
    if (!Number.isFinite(x)) throw refusal(String(x));
    largest = Math.max(largest, Math.abs(x));
  }
  return largest > 0 ? 2 ** Math.max(-1021, Math.floor(Math.log2(largest))) : 1;
}

function refusal(actual: string): ArgumentError {
  return new ArgumentError({ operation: 'symmetricEigen', expected: 'a matrix of finite entries', actual });
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** T[i, i + 1]; the last is 0. */
  readonly beside: Float64Array;
  /** h of each reflection I − v·vᵀ/h, 0 where none was needed. */
  readonly heights: Float64Array;
}

/**
 * T = QᵀAQ by reflections, the last row first: each leaves of the row i before the diagonal its last entry alone. Works on
 * the lower triangle, in place: of row i the vector v remains.
 */
function tridiagonalized(a: Float64Array, n: number): Tridiagonal {
  const [diagonal, beside, heights] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const q = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const v = a.subarray(i * n, i * n + i);
    const last = v[i - 1] as number;
    const before = dot(v, v, i - 1);
    const length = Math.sqrt(before + last * last);
    diagonal[i] = a[i * n + i] as number;
    if (before < nothing * nothing) {
      // Nothing is left of the row but its last entry.
      beside[i - 1] = last;
      continue;
    }
    const target = last > 0 ? -length : length;
    beside[i - 1] = target;
    v[i - 1] = last - target;
    const height = length * (length + Math.abs(last));
    heights[i] = height;
    // q = A·v/h, with each row of the lower triangle read once for itself and once for the column that it mirrors.
    q.fill(0, 0, i);
    for (let r = 0; r < i; r++) {
      const row = a.subarray(r * n, r * n + r);
      const factor = v[r] as number;
      let sum = (a[r * n + r] as number) * factor;
      for (let c = 0; c < r; c++) {
        const entry = row[c] as number;
        sum += entry * (v[c] as number);
        q[c] = (q[c] as number) + entry * factor;
      }
      q[r] = (q[r] as number) + sum;
    }
    for (let r = 0; r < i; r++) q[r] = (q[r] as number) / height;
    const half = dot(q, v, i) / (2 * height);
    for (let r = 0; r < i; r++) q[r] = (q[r] as number) - half * (v[r] as number);
    // A − v·qᵀ − q·vᵀ
    for (let r = 0; r < i; r++) {
      const row = a.subarray(r * n, r * n + r + 1);
      const [byQ, byV] = [v[r] as number, q[r] as number];
      for (let c = 0; c <= r; c++)
        row[c] = (row[c] as number) - byQ * (q[c] as number) - byV * (v[c] as number);
    }
  }
  if (n > 0) diagonal[0] = a[0] as number;
  return { diagonal, beside, heights };
}

/** Qᵀ, the product of the reflections, from their vectors. */
function accumulated(reflections: Float64Array, heights: Float64Array, n: number): Float64Array {
  const product = new Float64Array(n * n);
  for (let i = 0; i < n; i++) product[i * n + i] = 1;
  for (let i = 2; i < n; i++) {
    const height = heights[i] as number;
    if (height === 0) continue;
    const v = reflections.subarray(i * n, i * n + i);
    for (let r = 0; r < i; r++) {
      const row = product.subarray(r * n, r * n + i);
      const factor = dot(row, v, i) / height;
      for (let c = 0; c < i; c++) row[c] = (row[c] as number) - factor * (v[c] as number);
    }
  }
  return product;
}

/** The inner product, by four sums: one alone would wait for each addition. */
function dot(a: Float64Array, b: Float64Array, length: number): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    first += (a[k] as number) * (b[k] as number);
    second += (a[k + 1] as number) * (b[k + 1] as number);
    third += (a[k + 2] as number) * (b[k + 2] as number);
    fourth += (a[k + 3] as number) * (b[k + 3] as number);
  }
  for (; k < length; k++) first += (a[k] as number) * (b[k] as number);
  return first + second + (third + fourth);
}

/** Turns T into the diagonal of its eigenvalues, and the columns of `vectors` with it. */
function diagonalize(diagonal: Float64Array, beside: Float64Array, vectors: Float64Array): void {
  const n = diagonal.length;
  const turns = new Turns(vectors, n);
  const at = (values: Float64Array, k: number): number => values[k] as number;
  for (let first = 0; first < n; first++)
    for (let sweep = 0; ; sweep++) {
      let end = first;
      while (end < n - 1 && !isNothing(diagonal, beside, end)) end++;
      if (end === first) break;
      if (sweep === mostSweeps) throw refusal(`no end after ${mostSweeps} sweeps`);
      // The eigenvalue of the first 2 × 2 block that is nearer to its first entry is the shift.
      const gap = (at(diagonal, first + 1) - at(diagonal, first)) / (2 * at(beside, first));
      const root = Math.sqrt(gap * gap + 1);
      let g = at(diagonal, end) - at(diagonal, first) + at(beside, first) / (gap + (gap < 0 ? -root : root));
      let [sin, cos, carried] = [1, 1, 0];
      let i = end - 1;
      turns.begin(i);
      for (; i >= first; i--) {
        const f = sin * at(beside, i);
        const b = cos * at(beside, i);
        const length = Math.sqrt(f * f + g * g);
        beside[i + 1] = length;
        if (length === 0) {
          // T fell apart within the sweep: both parts go on by themselves.
          diagonal[i + 1] = at(diagonal, i + 1) - carried;
          beside[end] = 0;
          break;
        }
        sin = f / length;
        cos = g / length;
        g = at(diagonal, i + 1) - carried;
        const moved = (at(diagonal, i) - g) * sin + 2 * cos * b;
        carried = sin * moved;
        diagonal[i + 1] = g + carried;
        g = cos * moved - b;
        turns.add(cos, sin);
      }
      if (i >= first) continue;
      diagonal[first] = at(diagonal, first) - carried;
      beside[first] = g;
      beside[end] = 0;
    }
  turns.apply();
}

function isNothing(diagonal: Float64Array, beside: Float64Array, k: number): boolean {
  const size = Math.abs(diagonal[k] as number) + Math.abs(diagonal[k + 1] as number);
  return Math.abs(beside[k] as number) <= Math.max(nothing, epsilon * size);
}

/** So many sweeps are gathered: applied one by one, each would read the whole matrix. */
const mostTurns = 2 ** 13;

/**
 * Rotations of neighbouring columns. Each sweep runs from one column down to another; a row is turned along it from entry
 * to entry, and what passes from one to the next never leaves a register. Eight rows at a time: one alone would wait for
 * the result of each multiplication.
 */
class Turns {
  readonly #matrix: Float64Array;
  readonly #size: number;
  readonly #most: number;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  /** The number of the first turn of each sweep, and the column at which that begins. */
  #sweeps: { readonly from: number; readonly column: number }[] = [];
  #count = 0;

  constructor(matrix: Float64Array, size: number) {
    this.#matrix = matrix;
    this.#size = size;
    this.#most = Math.min(mostTurns, 8 * size);
    const most = this.#most + size;
    [this.#cosines, this.#sines] = [new Float64Array(most), new Float64Array(most)];
  }

  /** The next turns are of column and the one after it, of column − 1 and column, and so on. */
  begin(column: number): void {
    if (this.#count >= this.#most) this.apply();
    this.#sweeps.push({ from: this.#count, column });
  }

  /** Columns k and k + 1 become cos·k − sin·(k + 1) and sin·k + cos·(k + 1). */
  add(cos: number, sin: number): void {
    this.#cosines[this.#count] = cos;
    this.#sines[this.#count] = sin;
    this.#count++;
  }

  apply(): void {
    const n = this.#size;
    let row = 0;
    for (; row + 4 <= n; row += 4) this.#turnFour(row * n);
    for (; row < n; row++) this.#turnOne(row * n);
    this.#sweeps = [];
    this.#count = 0;
  }

  #turnFour(start: number): void {
    const z = this.#matrix;
    const n = this.#size;
    const cosines = this.#cosines;
    const sines = this.#sines;
    for (let s = 0; s < this.#sweeps.length; s++) {
      const { from, column } = this.#sweeps[s] as { from: number; column: number };
      const end = this.#sweeps[s + 1]?.from ?? this.#count;
      let a = start + column + 1;
      let [b, c, d] = [a + n, a + 2 * n, a + 3 * n];
      let p = z[a] as number;
      let q = z[b] as number;
      let r = z[c] as number;
      let t = z[d] as number;
      for (let k = from; k < end; k++) {
        const cos = cosines[k] as number;
        const sin = sines[k] as number;
        const x = z[a - 1] as number;
        const y = z[b - 1] as number;
        const u = z[c - 1] as number;
        const v = z[d - 1] as number;
        z[a--] = sin * x + cos * p;
        z[b--] = sin * y + cos * q;
        z[c--] = sin * u + cos * r;
        z[d--] = sin * v + cos * t;
        p = cos * x - sin * p;
        q = cos * y - sin * q;
        r = cos * u - sin * r;
        t = cos * v - sin * t;
      }
      z[a] = p;
      z[b] = q;
      z[c] = r;
      z[d] = t;
    }
  }

  #turnOne(start: number): void {
    const z = this.#matrix;
    const cosines = this.#cosines;
    const sines = this.#sines;
    for (let s = 0; s < this.#sweeps.length; s++) {
      const { from, column } = this.#sweeps[s] as { from: number; column: number };
      const end = this.#sweeps[s + 1]?.from ?? this.#count;
      let at = start + column + 1;
      let passed = z[at] as number;
      for (let k = from; k < end; k++, at--) {
        const cos = cosines[k] as number;
        const sin = sines[k] as number;
        const entry = z[at - 1] as number;
        z[at] = sin * entry + cos * passed;
        passed = cos * entry - sin * passed;
      }
      z[at] = passed;
    }
  }
}
