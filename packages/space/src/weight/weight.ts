import { isRecording } from '@funhash/autodiff/op-parts';
import { ArgumentError, checkArgument, option } from '@funhash/hashing';
import {
  currentRecording,
  decideByContents,
  keep,
  requireTensor,
  runVirtualRows,
  type Tensor,
  unrecorded,
} from '@funhash/tensor';
import { plainMatrix } from '../ops/plain-matrix.ts';
import { repeatedMatmul } from '../ops/repeated-matmul.ts';
import { virtualMatmul } from '../ops/virtual-matmul.ts';
import { operandOf, type VirtualMatrix } from '../ops/virtual-matrix.ts';
import { virtualRows } from '../ops/virtual-rows.ts';
import { type OptionSchema, type OptionValues, writtenOptions } from '../options.ts';
import { OwnHash } from '../own-hash.ts';
import type { MatrixShape, SchemeDefinition, WeightPolicy } from '../scheme.ts';
import { virtualOf } from '../virtual-of.ts';
import { policyNow } from './decoded-once.ts';
import { Parameter } from './parameter.ts';
import type { SharedSpace } from './shared-space.ts';

/** All that decides a virtual matrix besides its stored values: plain JSON data. */
export interface WeightSpec extends MatrixShape {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly policy: WeightPolicy;
  /** The constant that entries are multiplied by, where the scheme has one. */
  readonly scale?: number;
  /** Name of the shared space, where the weight uses one. */
  readonly space?: string;
  /** Whether the scheme is one of the user's own: its kind is one among theirs. */
  readonly own?: boolean;
}

/** What a weight consists of. */
export interface WeightParts extends MatrixShape {
  readonly definition: SchemeDefinition<OptionSchema>;
  /** All options of the scheme. */
  readonly options: OptionValues<OptionSchema>;
  /** The stored arrays, in the order in which the scheme names them. */
  readonly parameters: readonly Parameter[];
  readonly policy: WeightPolicy;
  /** The shared space that one of the parameters belongs to. */
  readonly space?: SharedSpace | undefined;
  /** What entries are multiplied by, where the scheme or a shared space asks for it. */
  readonly scale?: number | undefined;
}

const partsRule = option.that<WeightParts>(
  'what createWeight and restoreWeight find',
  (parts) =>
    typeof parts === 'object' &&
    parts !== null &&
    'definition' in parts &&
    'parameters' in parts &&
    Array.isArray(parts.parameters) &&
    parts.parameters.every((each) => each instanceof Parameter),
);

/**
 * A matrix V[rows, cols] that layers use without asking how it is stored. Its parameters are all that is trainable
 * in it.
 */
export class Weight {
  readonly definition: SchemeDefinition<OptionSchema>;
  readonly options: OptionValues<OptionSchema>;
  readonly rows: number;
  readonly cols: number;
  readonly parameters: readonly Parameter[];
  readonly policy: WeightPolicy;
  readonly space: SharedSpace | undefined;
  readonly scale: number | undefined;
  // Options never change, nor do the tensors of parameters: all these are looked up once, not at every product.
  readonly #values: readonly Tensor[];
  #names: readonly string[] | undefined;
  #named: Readonly<Record<string, Tensor>> | undefined;
  #matrix: VirtualMatrix | undefined;
  #decoded:
    | { readonly version: number; readonly tensor: Tensor; readonly recording: object | undefined }
    | undefined;
  /** The name of the option that is drawn, where the scheme has one. */
  readonly #drawnOption: string | undefined;
  #drawn = 0;

  constructor(parts: WeightParts) {
    checkArgument('Weight', 'parts', partsRule, parts);
    const { definition, options, rows, cols, parameters, policy, space, scale } = parts;
    this.definition = definition;
    this.options = options;
    this.rows = rows;
    this.cols = cols;
    this.parameters = parameters;
    this.policy = policy;
    this.space = space;
    this.scale = scale;
    this.#values = parameters.map(({ value }) => value);
    this.#drawnOption = Object.entries(definition.options).find(([, { isDrawn }]) => isDrawn)?.[0];
  }

  get spec(): WeightSpec {
    const { definition, options, rows, cols, policy, space, scale } = this;
    return {
      kind: definition.kind,
      rows,
      cols,
      options: writtenOptions(definition.options, options),
      policy,
      ...(scale !== undefined && { scale }),
      ...(space && { space: space.name }),
      ...(definition.isOwn && { own: true }),
    };
  }

  /** The hash of the user's own that its entries are found by, where there is one. */
  get ownHash(): OwnHash | undefined {
    return Object.values(this.options).find((value) => value instanceof OwnHash);
  }

  /** What its scheme has to say of it besides sizes. */
  get notes(): readonly string[] {
    return this.definition.notes?.(this.options, this) ?? [];
  }

  /** Entries of V. */
  get virtualCount(): number {
    return this.rows * this.cols;
  }

  /** Trainable values, those of a shared space included. */
  get storedCount(): number {
    return this.parameters.reduce((sum, { value }) => sum + value.size, 0);
  }

  /** Whether its entries are random in training. */
  get isRandom(): boolean {
    return this.#drawnOption !== undefined;
  }

  /** Whether the one stored array is V itself, entry by entry. */
  get isPlain(): boolean {
    return this.definition.isPlain === true && this.scale === undefined;
  }

  /**
   * The same weight with the random entries of a training pass; its parameters are shared.
   *
   * @param word a 32-bit word: the same one gives the same entries. 0: those of inference
   */
  drawn(word: number): Weight {
    const weight = new Weight(this);
    weight.#drawn = word;
    return weight;
  }

  /** Frees the stored values and what was decoded of them; a shared space stays. */
  dispose(): void {
    for (const parameter of this.parameters)
      if (parameter !== this.space?.parameter) parameter.value.dispose();
    this.#forgetDecoded();
  }

  #forgetDecoded(): void {
    this.#decoded?.tensor.dispose();
    this.#decoded = undefined;
  }

  /** V as the consuming ops take it. */
  get virtual(): VirtualMatrix {
    this.#requireTrainable();
    if (!this.#matrix) {
      const name = this.#drawnOption;
      const options = name === undefined ? this.options : { ...this.options, [name]: this.#drawn };
      const { arrays: _, ...unfilled } = virtualOf(this.definition, options, this, this.scale);
      this.#matrix = { ...unfilled, stored: this.#values };
    }
    const decoded = this.#keptDecoded(this.#matrix);
    return decoded ? { ...this.#matrix, decoded } : this.#matrix;
  }

  /** x [B, cols] · Vᵀ (+ bias [rows]) → [B, rows], differentiable by x, bias and the stored values. */
  matmul(x: Tensor, bias?: Tensor): Tensor {
    const { definition, options, rows, cols, scale } = this;
    if (!definition.apply) return virtualMatmul(x, this.virtual, bias);
    return definition.apply(x, this.#stored, { rows, cols, options, bias, scale });
  }

  /**
   * `matmul` for many x, one after the other, as a recurrent layer uses it: where nothing is contracted, the gradients of
   * the stored values are formed of all uses together.
   */
  repeatedMatmul(bias?: Tensor): (x: Tensor) => Tensor {
    if (this.isPlain) return repeatedMatmul(plainMatrix(this.#values[0] as Tensor), bias);
    return this.definition.apply ? (x) => this.matmul(x, bias) : repeatedMatmul(this.virtual, bias);
  }

  /**
   * V as `virtualConv` and `virtualConvTranspose` take it. A kernel is used at every place of an image, so that schemes
   * which contract are decoded here.
   */
  get kernel(): VirtualMatrix {
    const { apply, rowsAt } = this.definition;
    return !rowsAt || (!apply && this.virtual.decoded) ? this.virtual : plainMatrix(this.decode());
  }

  /** Rows ids [N] (i32) of V → [N, cols], differentiable by the stored values. */
  rowsAt(ids: Tensor): Tensor {
    requireTensor(`${this.definition.kind} rowsAt`, ids, 'ids');
    return this.#rows(ids);
  }

  /** V itself, [rows, cols], differentiable by the stored values. For looking at it and for tests. */
  decode(): Tensor {
    return this.#rows();
  }

  #rows(ids?: Tensor): Tensor {
    const { definition, options, rows, cols, scale } = this;
    if (!definition.rowsAt) return virtualRows({ ...this.virtual, decoded: undefined }, ids);
    return definition.rowsAt(this.#stored, { rows, cols, options, scale, ids });
  }

  get #stored(): Readonly<Record<string, Tensor>> {
    this.#requireTrainable();
    this.#named ??= Object.fromEntries(this.#values.map((value, k) => [this.arrayNames[k] as string, value]));
    return this.#named;
  }

  /** Names of the stored arrays in the order of the parameters. */
  get arrayNames(): readonly string[] {
    this.#names ??= Object.keys(this.definition.stored(this.options, this));
    return this.#names;
  }

  #requireTrainable(): void {
    if (this.policy === 'frozen' && isRecording(this.#values))
      throw new ArgumentError({
        operation: `${this.definition.kind} under policy frozen`,
        expected: 'inference',
        actual: 'a gradient by its stored values',
        remedy: 'Train under policy tile or step.',
      });
  }

  #keptDecoded(matrix: VirtualMatrix): Tensor | undefined {
    // What is drawn lasts for one use.
    if (this.definition.apply || this.#drawn !== 0) return undefined;
    const policy = isRecording(this.#values) ? this.policy : policyNow(this);
    if (policy === 'tile' && !this.#decoded) return undefined;
    const version = this.parameters.reduce((sum, parameter) => sum + parameter.version, 0);
    if (policy === 'tile') {
      if (this.#decoded?.version !== version || this.#decoded.recording) this.#forgetDecoded();
      return undefined;
    }
    // A plan decodes what its run finds, but for values that stay as they are.
    const isFrozen = policy === 'frozen';
    if (isFrozen) decideByContents(this.#values);
    const recording = isFrozen ? undefined : currentRecording();
    if (this.#decoded?.version !== version || this.#decoded.recording !== recording) {
      this.#forgetDecoded();
      const decode = (): Tensor => keep(runVirtualRows(operandOf(matrix), null));
      this.#decoded = { version, recording, tensor: isFrozen ? unrecorded(decode) : decode() };
    }
    return this.#decoded.tensor;
  }
}

/** A weight, as functions take it. */
export const weightRule = option.that<Weight>(
  'a Weight, such as layer.weight',
  (value) => value instanceof Weight,
);
