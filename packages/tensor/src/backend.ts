import type { Program } from '@funhash/formula';
import type { DType, TypedArray } from './dtype.ts';

/**
 * The contract between tensors and what runs them, on one screen. A backend allocates memory and runs kernels. It
 * knows no gradients, no layers and no schemes: a virtual matrix reaches it as a `Program`.
 *
 * Kernels may assume what the dispatcher has checked: shapes fit, dtypes agree, buffers are the backend's own and
 * alive. `out` views are contiguous and fresh unless said otherwise; inputs are strided, with stride 0 where they
 * broadcast. A kernel that a backend lacks runs on the reference over `host` memory and is counted.
 */
export interface Backend {
  readonly name: string;
  readonly kernels: Partial<Kernels>;
  /** Kernels in the table that are not the backend's own: they run on the reference, counted. Default none. */
  readonly lacks?: readonly (keyof Kernels)[] | undefined;
  /** Resolves when it is known which of its parts started; `useBackend` waits for it. Default: known at once. */
  readonly ready?: Promise<void> | undefined;
  /** True when it was closed: `useBackend` then starts another one of the name. Default false. */
  readonly isClosed?: boolean | undefined;
  /** Contents are unspecified. */
  allocate(dtype: DType, length: number): DeviceBuffer;
  free(buffer: DeviceBuffer): void;
  upload(buffer: DeviceBuffer, values: TypedArray): void;
  /** A copy of the contents. */
  download(buffer: DeviceBuffer): Promise<TypedArray>;
  /** A live view where memory is visible to script, valid until the next allocation. */
  host?(buffer: DeviceBuffer): TypedArray;
  /**
   * Prepares a list of calls that is run many times, with the same results bit for bit. Undefined where the calls are best
   * run one by one.
   *
   * @param kernels that would run them: where they are not the backend's own, as where somebody counts or times them,
   * nothing is to stand in for them
   */
  bind?(calls: readonly BoundCall[], kernels: Partial<Kernels>): BoundCalls | undefined;
}

/** A kernel call with its arguments, as a plan has it. */
export interface BoundCall {
  readonly kernel: keyof Kernels;
  readonly args: readonly unknown[];
  /** Lists of scalars and of uniforms among the arguments whose numbers may be others at each run. */
  readonly live: readonly (readonly number[])[];
}

/** Calls that a backend has prepared. */
export interface BoundCalls {
  run(): void;
  dispose(): void;
}

/** Memory of one backend; only that backend looks inside. */
export interface DeviceBuffer {
  readonly dtype: DType;
  readonly length: number;
}

/**
 * A strided window on a buffer; strides and offset in elements. Fields may be accessors of a larger object: copy them
 * by name, never by spreading.
 */
export interface View {
  readonly buffer: DeviceBuffer;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/**
 * A window on a matrix V[rows, cols] that exists only as a formula: `program` has one real output, the entry.
 *
 * @typeParam Stored what the stored values are: views for a kernel, tensors for a dispatcher
 */
export interface VirtualView<Stored extends View = View> {
  readonly program: Program;
  readonly rows: number;
  readonly cols: number;
  readonly uniforms: readonly number[];
  readonly scalars: readonly number[];
  /** Contiguous, by slot. */
  readonly stored: readonly Stored[];
}

/** What a product does to its result before it is stored: adds `bias` [N], then applies a program of one input. */
export interface Epilogue {
  readonly bias?: View;
  readonly activation?: Program;
}

/**
 * When the sign of channel n is +1: where the value is at least least[n]; where bit n of `below` is set, where it is
 * less, or NaN. Batch normalisation followed by a sign is one such bound for each channel.
 */
export interface SignBounds {
  /** f32 [N], contiguous, as is `below`. */
  readonly least: View;
  /** Packed signs [⌈N/32⌉]. */
  readonly below: View;
}

/**
 * The kernels. Where a matrix [B, K] is said to be of several axes, B stands for all axes of out (or dY) but the last, in row-major
 * order, and K for the axes of x behind them: convolution is a product with overlapping windows on an image.
 */
export interface Kernels {
  /** out may be strided. */
  fill(out: View, value: number): void;
  /** Copies and converts; out may be strided. */
  copy(x: View, out: View): void;
  /**
   * Elementwise: inputs have outs' shape and dtype. An out may be one of the inputs (same view), written in place. i32: only
   * programs that give whole numbers for whole numbers; results are exact, stored modulo 2³².
   */
  map(program: Program, inputs: readonly View[], scalars: readonly number[], outs: readonly View[]): void;
  /**
   * out has x's rank, extent 1 along reduced axes; f32, f64 or i32 (sums modulo 2³²). Of nothing: sum 0, max −∞ or −2³¹, min
   * +∞ or 2³¹ − 1. NaN wins over any number.
   */
  reduce(op: 'sum' | 'max' | 'min', x: View, out: View): void;
  /** Index of the first maximum along the last axis, of the first NaN where there is one; out i32. */
  argMax(x: View, out: View): void;
  /** out[…, M, N] = a[…, M, K] · b[…, K, N]; leading axes equal. Or b of rank 2, and a of several axes (see `Kernels`). */
  matmul(a: View, b: View, out: View, epilogue?: Epilogue): void;
  /** out[n, …] = x[index[n], …]; index i32 [N], checked. */
  gather(x: View, index: View, out: View): void;
  /** out[index[n], …] += x[n, …]; out holds the start values. */
  scatterAdd(x: View, index: View, out: View): void;
  /** log Σ exp along the last axis, out without that axis. */
  logSumExp(x: View, out: View): void;
  /** out[…, k] = Σ x[…, 0 … k]: sums along the last axis; f32, f64 or i32 (modulo 2³²); out may not be x. */
  scan(x: View, out: View): void;
  /** out[n, :] = V[ids[n], :], or all of V where ids is null; ids i32 [N], checked. */
  virtualRows(v: VirtualView, ids: View | null, out: View): void;
  /** Adds to outs, by slot, the sinks of `adjoint` under the cotangent dOut [N, cols] of `virtualRows`. */
  foldRows(dOut: View, ids: View | null, v: VirtualView, adjoint: Program, outs: readonly View[]): void;
  /** out[B, rows] = x[B, cols] · Vᵀ, V never in memory; x of several axes (see `Kernels`). */
  virtualMatmul(x: View, v: VirtualView, out: View, epilogue?: Epilogue): void;
  /**
   * Adds to outs, by slot, the sinks of `adjoint` under dV = dYᵀ·x, formed tile by tile; dY [B, rows], x [B, cols], of
   * several axes (see `Kernels`).
   */
  virtualFold(dY: View, x: View, v: VirtualView, adjoint: Program, outs: readonly View[]): void;
  /**
   * Packs signs, x [..., N] → out i32 [..., ⌈N/32⌉]: bit k of word w is 1 where element 32·w + k is at least 0 (−0 is, NaN
   * is not), or as its bound says. Bits behind the last element are 0.
   */
  packSigns(x: View, out: View, bounds?: SignBounds): void;
  /**
   * The product of packed signs a [B, P·W] and b [N, W] of `depth` elements ±1 a row; a of several axes (see `Kernels`):
   * out[B, N] = Σ_p 2^p · (depth − 2 · popcount(a[·, p] xor b)), f32, or its packed signs by bounds. P > 1: rows of
   * whole numbers by their bits, bit p of all of them as row p. Bits behind the last element must be 0 in both.
   */
  signMatmul(a: View, b: View, depth: number, out: View, bounds?: SignBounds): void;
}
