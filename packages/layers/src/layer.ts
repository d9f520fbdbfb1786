import type { Random } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';

/** What a forward pass is for. */
export interface Pass {
  /** Whether dropout and the like are active. */
  readonly training: boolean;
  /** Source of the randomness of this pass: seeded by the caller, so that a step can be repeated. */
  readonly random: Random;
}

/** A differentiable function of one tensor with trainable parameters. */
export interface Layer {
  forward(x: Tensor, pass: Pass): Tensor;
  /** Parameters by a name unique in this layer; one that is shared by several places appears once. */
  namedParameters(): ReadonlyMap<string, Parameter>;
  /**
   * Tensors that are saved with the parameters but not trained, such as running statistics, by names that no
   * parameter has.
   */
  namedBuffers?(): ReadonlyMap<string, Parameter>;
}

/** What `fit`, `evaluate` and optimisers need of a model. Every layer is one, and so is a network of layers. */
export interface Model {
  /** Without a pass: inference. */
  forward(x: Tensor, pass?: Pass): Tensor;
  namedParameters(): ReadonlyMap<string, Parameter>;
  /** As those of a layer. */
  namedBuffers?(): ReadonlyMap<string, Parameter>;
}
