/** A scheme by its name in @funhash/space/schemes, with its options; rivals that can imitate it do. */
export interface WeightChoice {
  readonly scheme: string;
  readonly options: Readonly<Record<string, string | number | boolean | readonly number[]>>;
}

/** What a library is asked to do, as plain data: the same for all of them. */
export type Task =
  /** a [m, k] · b [k, n]. */
  | { readonly kind: 'product'; readonly m: number; readonly k: number; readonly n: number }
  /**
   * a [m, k] · b [k, n], both of ±1: by bits that lie packed, with a packed in the call, or in f32. b lies as layers have
   * their weights, [n, k].
   */
  | {
      readonly kind: 'signProduct';
      readonly m: number;
      readonly k: number;
      readonly n: number;
      readonly by: 'bits' | 'packing' | 'f32';
    }
  /** Outputs of a network with weights of ±1, packed or as it is trained, read. Its value is a hash of them. */
  | {
      readonly kind: 'binaryNet';
      readonly net: 'mlp' | 'convNet' | 'convolution';
      readonly batch: number;
      readonly packed: boolean;
    }
  /** The register loop of our matrix product alone, on data in L1: what the product could reach. */
  | { readonly kind: 'probe' }
  /** Numbers that lie in memory, read and added up by eight streams at once: the bandwidth that a product of one row could reach. */
  | { readonly kind: 'read'; readonly bytes: number }
  /**
   * A training step of dense layers with ReLU between them: softmax cross-entropy, SGD with momentum, the loss read.
   * `weight` is that of the first layer; `plan`: as `fit` takes it, by a plan whose inputs are set for each step. Default: eager.
   */
  | {
      readonly kind: 'step';
      readonly widths: readonly number[];
      readonly batch: number;
      readonly weight?: WeightChoice;
      readonly plan?: boolean;
    }
  /** A layer without bias: product, dX, the gradient of its values and their update by SGD with momentum. */
  | {
      readonly kind: 'layer';
      readonly width: number;
      readonly out: number;
      readonly batch: number;
      readonly weight?: WeightChoice;
    }
  /** x [batch, width] · Vᵀ of a trained layer: by its `forward`, or a call of `predict`. */
  | {
      readonly kind: 'forward';
      readonly width: number;
      readonly out: number;
      readonly batch: number;
      readonly weight?: WeightChoice;
      readonly by?: 'predict';
    }
  /** Once through the first MNIST images: the library's own training loop on 784-1000-10, with its shuffling. */
  | {
      readonly kind: 'epoch';
      readonly examples: number;
      readonly batch: number;
      readonly weight?: WeightChoice;
    }
  /** So many steps within a call of `fit`, of 20 times as many in an epoch, on dense layers as those of `step`. */
  | {
      readonly kind: 'fit';
      readonly widths: readonly number[];
      readonly batch: number;
      readonly steps: number;
      readonly weight?: WeightChoice;
      readonly plans: boolean;
      readonly checkGradients: boolean;
    }
  /** A call of `predict`, or of a predictor out of a file, on dense layers as those of `step`. */
  | {
      readonly kind: 'predict';
      readonly widths: readonly number[];
      readonly batch: number;
      readonly weight?: WeightChoice;
      readonly by: 'plans' | 'layers' | 'layers, tile' | 'code' | 'plan';
    }
  /** A training step of LeNet-5, as `step` is one of dense layers. */
  | {
      readonly kind: 'leNetStep';
      readonly batch: number;
      /** Of kernels (`stem`, `conv`) and of dense layers (`fc`). */
      readonly weights?: Readonly<Record<string, WeightChoice>>;
      /** Rule of the steps, as that of `step`. */
      readonly plan?: boolean;
    }
  /** Logits of LeNet-5, read: by its `forward`, or a call of `predict`. */
  | {
      readonly kind: 'leNetForward';
      readonly batch: number;
      readonly weights?: Readonly<Record<string, WeightChoice>>;
      readonly by?: 'predict';
    }
  /** A step of `fit` on ResNet-20, its batch taken from a data set in memory. */
  | { readonly kind: 'resNetFit'; readonly batch: number; readonly weight?: WeightChoice }
  /** Logits of ResNet-20, read, by a call of `predict`. */
  | { readonly kind: 'resNetForward'; readonly batch: number; readonly weight?: WeightChoice }
  /**
   * A training step of a recurrent layer over sequences [batch, steps, width], its last state read by a dense layer of
   * 10 classes, as `step` is one of dense layers. `weight` is that of the recurrent layer, both matrices.
   */
  | {
      readonly kind: 'recurrentStep';
      readonly cell: RecurrentCell;
      readonly width: number;
      readonly hidden: number;
      readonly steps: number;
      readonly batch: number;
      readonly weight?: WeightChoice;
      /** Whether the step is carried out by a plan. */
      readonly plan?: boolean;
    }
  /** The matrix products of a recurrent training step alone, each on its own operands. */
  | {
      readonly kind: 'recurrentProducts';
      readonly cell: RecurrentCell;
      readonly width: number;
      readonly hidden: number;
      readonly steps: number;
      readonly batch: number;
    };

export type RecurrentCell = 'lstm' | 'gru';

export type TaskOf<K extends Task['kind']> = Extract<Task, { kind: K }>;

/** A task ready to be timed. */
export interface Ready {
  run(): unknown;
  /** A number that libraries must agree on when they do the same work. Asked for once, before timing. */
  value?(): number | Promise<number>;
}

/** A library in a process of its own. */
export interface Runner {
  /** @throws the library's own error where it cannot do the task */
  prepare(task: Task): Ready | Promise<Ready>;
  /** What the library says about its memory, in bytes. */
  memoryBytes(): Readonly<Record<string, number>>;
}

export const learningRate = 0.01;
export const momentum = 0.9;

export function notOffered(library: string, { kind }: Task): Error {
  return new Error(`${library} has nothing for the task "${kind}"`);
}
