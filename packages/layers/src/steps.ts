import type { PaddedWindowOptions } from '@funhash/autodiff';
import type { Weight } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import type { ActivationName } from './activations.ts';

/** Inputs times a matrix, without bias: rows of x, or windows on images. */
export interface ProductStep<L> {
  readonly type: 'product';
  /** V: a row for each output channel. */
  readonly weight: Weight;
  /** Channels of the input. */
  readonly channels: number;
  /** Windows on images, as an op takes them; undefined: x is rows. */
  readonly windows?: PaddedWindowOptions & { readonly axes: number };
  /** Groups of channels that see only each other. 1: all see all. */
  readonly groups: number;
  /**
   * The layer of this product with factor · y + offset as its output ([channels] each), then an activation; undefined
   * where its matrix is not stored entry by entry.
   */
  scaled(factor: Tensor, offset: Tensor, activation: ActivationName | undefined): L | undefined;
}

/** Each channel times a factor, plus an offset. */
export interface AffineStep {
  readonly type: 'affine';
  readonly channels: number;
  /** The step as the layer does it, to the last bit. */
  run(x: Tensor): Tensor;
  /** [channels] each, made anew. */
  terms(): { readonly factor: Tensor; readonly offset: Tensor };
}

/** A function of each element. */
export interface ActivationStep {
  readonly type: 'activation';
  readonly name: ActivationName;
}

/** One value of each window. */
export interface PoolStep {
  readonly type: 'pool';
  readonly kind: 'max' | 'average';
}

/** The same values in another shape. */
export interface ReshapeStep {
  readonly type: 'reshape';
  /** Whether every example becomes a row. */
  readonly toRows: boolean;
}

/** What cannot be said by the others. */
export interface OpaqueStep {
  readonly type: 'opaque';
}

/** What a layer does at inference, in parts that rewriting reads: folding, packing of signs, exporters. */
export type Step<L> = ProductStep<L> | AffineStep | ActivationStep | PoolStep | ReshapeStep | OpaqueStep;
