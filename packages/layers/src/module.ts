import type { ByteTarget } from '@funhash/codec';
import { saveBytes } from '@funhash/codec/write';
import { checkArgument, checkOptions, option } from '@funhash/hashing';
import type { Parameter, SharedSpace, Weight } from '@funhash/space';
import { DisposedError, type FloatDType, requireTensor, type Shape, Tensor } from '@funhash/tensor';
import { offerDefaultBackend } from '#default-backend';
import { type LayerOptions, type LayerSource, startOptions } from './layer-options.ts';
import { modelBytes, requireTarget, type SaveOptions } from './model-file/model-bytes.ts';
import { type Owned, OwnValues, type OwnValuesOptions } from './owned.ts';
import { inference, isPass, type Model, type Pass, passRule } from './pass.ts';
import type { LayerSample } from './sample.ts';
import { checkedSignature, type Signature } from './signature.ts';
import type { Step } from './steps.ts';
import { type Summary, type SummaryPart, summarize } from './summary.ts';
import { uniquelyNamed } from './uniquely-named.ts';
import type { Widths } from './widths.ts';

/** JSON data from which a layer is built again; `type` names its class. */
export interface LayerSpec {
  readonly type: string;
  readonly [option: string]: unknown;
}

/** A class of layers: what it is called in files, and what it may be told. */
export interface ModuleClass {
  readonly type: string;
  readonly options: LayerOptions;
  readonly title?: string;
  new (options: never): Module;
}

/**
 * What all layers and networks share: options, parameters by name, files, a summary.
 *
 * A layer of your own states its options once, makes what it holds in its constructor, and computes:
 *
 *     class Scale extends Module<{ channels: number }> {
 *       static override readonly type = 'scale';
 *       static override readonly options = { channels: layerOption.required(layerOption.count()) };
 *       readonly factor = this.values('factor', [this.options.channels], { start: 1 });
 *       compute(x: Tensor): Tensor {
 *         return multiply(x, this.factor.value);
 *       }
 *     }
 *
 * Its types, the refusal of unknown options, its files, its summary and its laws (`@funhash/layers/testing`) follow.
 */
export abstract class Module<O extends object = object> implements Model {
  /** The name of the class in files. */
  static readonly type: string = '';
  /** The name of the class in messages. Default: its type with a capital. */
  static readonly title?: string;
  static readonly options: LayerOptions = {};
  /** Layers of the class that laws and fuzzers of all layers are run on. */
  static readonly sample?: LayerSample<Module>;

  /** The options as they were given, without those that are undefined. */
  readonly options: O;
  /** Modules that this one is made of, by name. */
  readonly members: ReadonlyMap<string, Module> = new Map();
  readonly #owned = new Map<string, Owned>();
  #signature: Signature | undefined;
  #isDisposed = false;

  /** @throws ArgumentError for options that the class does not have, lacks, or does not take */
  constructor(options: O = {} as O) {
    offerDefaultBackend();
    checkOptions(titleOf(new.target), new.target.options, options);
    this.options = Object.fromEntries(
      Object.entries(options).filter(([, value]) => value !== undefined),
    ) as O;
  }

  /** The name of the class, for messages. */
  protected get title(): string {
    return titleOf(this.constructor);
  }

  /** Everything but parameter values. */
  get spec(): LayerSpec {
    const { type, options: rules } = this.constructor as unknown as ModuleClass;
    const fields: [string, unknown][] = [];
    const given = this.options as Readonly<Record<string, unknown>>;
    for (const [name, { isForStart, inFile = name }] of Object.entries(rules)) {
      const value = this.#owned.get(name)?.spec ?? given[name];
      if (!isForStart && value !== undefined) fields.push([inFile, value]);
    }
    return { type, ...Object.fromEntries(fields) };
  }

  /** A layer as a file describes it. Classes whose constructor takes more than options state their own. */
  static fromSpec(this: ModuleClass, source: LayerSource): Module {
    // biome-ignore lint/complexity/noThisInStatic: the class that this is called on is built
    const module = new this(source.options(this.options) as never);
    module.restore(source);
    return module;
  }

  /** Takes what a layer holds from a file. */
  protected restore(source: LayerSource): void {
    for (const owned of this.#owned.values()) owned.restore(source);
  }

  /** A layer like this one with other options, on the same parameters. */
  with(changes: Partial<O>): this {
    const layer = new (this.constructor as new (options: object) => this)({
      ...this.options,
      ...Object.fromEntries(this.ownWeights()),
      ...changes,
    });
    return this.handedTo(layer);
  }

  /** A layer of the same class, with what this one holds itself. */
  protected handedTo<M extends Module>(layer: M): M {
    for (const [name, owned] of layer.#owned) {
      const own = this.#owned.get(name);
      if (own) owned.adopt(own);
    }
    return layer;
  }

  /** Makes the layer hold something under a name of its own. */
  protected own<T extends Owned>(owned: T): T {
    const { seed, dtype } = this.options as { readonly seed?: number; readonly dtype?: FloatDType };
    if (seed !== undefined) owned.seedWith(seed);
    if (dtype !== undefined) owned.useDtype(dtype);
    this.#owned.set(owned.name, owned);
    return owned;
  }

  /** Makes the layer hold plain values of a shape, trained and saved: `this.values('scale', [channels], { start: 1 })`. */
  protected values(name: string, shape: Shape, options?: OwnValuesOptions): OwnValues {
    return this.own(new OwnValues(name, shape, options));
  }

  /** The output for x; without a pass: inference. */
  forward(x: Tensor, pass: Pass = inference): Tensor {
    if (this.#isDisposed) this.#requireLive();
    if (!(x instanceof Tensor)) requireTensor(this.title, x);
    if (pass !== inference && !isPass(pass)) checkArgument(this.title, 'pass', passRule, pass);
    const y = this.compute(x, pass);
    pass.observe?.('', 'output', y);
    return y;
  }

  /** What `forward` does. */
  abstract compute(x: Tensor, pass: Pass): Tensor;

  /** Parameters by a name unique in this module; one that is shared by several places appears once. */
  namedParameters(): ReadonlyMap<string, Parameter> {
    const own = [...this.#owned.values()].flatMap((owned) => owned.parameters());
    const shared = [...this.sharedSpaces()].map(({ name, parameter }) => [name, parameter] as const);
    return uniquelyNamed(this.title, [...own, ...shared]);
  }

  /** Tensors that are saved but not trained, by names that no parameter of this module has. */
  namedBuffers(): ReadonlyMap<string, Parameter> {
    return new Map([...this.#owned.values()].flatMap((owned) => owned.buffers()));
  }

  /** Matrices and virtual columns of the layer itself, by name. */
  ownWeights(): ReadonlyMap<string, Weight> {
    return new Map(
      [...this.#owned].flatMap(([name, { weight }]) => (weight ? [[name, weight] as const] : [])),
    );
  }

  /** The description of a member, in that of this module. */
  memberSpec(_spec: LayerSpec, _name: string): unknown {
    return undefined;
  }

  /**
   * Matrices by name, those of members as `2.body.0.weight`, and virtual columns of biases; one that stands in several
   * places appears in each.
   */
  weights(): ReadonlyMap<string, Weight> {
    const others = [...this.members].flatMap(([place, member]) =>
      [...member.weights()].map(([name, weight]) => [`${place}.${name}`, weight] as const),
    );
    return new Map([...this.ownWeights(), ...others]);
  }

  /**
   * A module like this one whose members are what `change` makes of them; a layer without members is its own answer.
   * Parameters are shared with this module.
   */
  withMembers(_change: (member: Module, name: string) => Module): Module {
    return this;
  }

  /** What it does at inference, step by step. */
  inference(): readonly Step<Module>[] {
    return [{ type: 'opaque' }];
  }

  /** Members where each takes what the one before gives and nothing else happens; undefined in other modules. */
  get chain(): readonly Module[] | undefined {
    return undefined;
  }

  /** The extents of the last axis that it takes and gives, as far as they are known: containers compare them. */
  get widths(): Widths {
    return {};
  }

  /** Whether it was disposed. */
  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /**
   * Frees parameters, running statistics and decoded weights, those of members too, at once and for ever. What other
   * networks share with it, a layer, a weight or a space, is freed as well: dispose when the last of them is done.
   */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const member of this.members.values()) member.dispose();
    for (const owned of this.#owned.values()) owned.dispose?.();
  }

  /** What `using net = …` calls at the end of the block: `dispose()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @throws DisposedError */
  #requireLive(): void {
    if (this.#isDisposed)
      throw new DisposedError({
        operation: this.title,
        expected: 'a live layer or network',
        actual: 'one that was disposed',
        remedy: 'Dispose of a network when it is done, and build or load it again.',
      });
  }

  /** What the summary lists. */
  parts(): readonly SummaryPart[] {
    return [...this.#owned.values()].flatMap((owned) => owned.part() ?? []);
  }

  /** Spaces that layers of this module share. */
  sharedSpaces(): ReadonlySet<SharedSpace> {
    return new Set([...this.#owned.values()].flatMap(({ space }) => space ?? []));
  }

  /** Decides start values where the module was given no seed of its own and has not been used yet. */
  seedWith(seed: number): void {
    checkArgument(this.title, 'seed', startOptions.seed, seed);
    const { seed: own } = this.options as { readonly seed?: number };
    for (const owned of this.#owned.values()) owned.seedWith(own ?? seed);
  }

  /** Decides the precision of parameters where the module was given none of its own and has not been used yet. */
  useDtype(dtype: FloatDType): void {
    checkArgument(this.title, 'dtype', startOptions.dtype, dtype);
    const { dtype: own } = this.options as { readonly dtype?: FloatDType };
    for (const owned of this.#owned.values()) owned.useDtype(own ?? dtype);
  }

  /** All trainable tensors, each once. */
  parameters(): readonly Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Stored and virtual sizes, layer by layer; prints as a table. */
  summary(): Summary {
    return summarize(this.parts());
  }

  /** What inputs and outputs mean, where somebody has said so: `fit` does, and files keep it. */
  get signature(): Signature | undefined {
    return this.#signature;
  }

  set signature(signature: Signature | undefined) {
    this.#signature = signature === undefined ? undefined : checkedSignature(signature);
  }

  /**
   * The contents of a model file (safetensors), which `load` takes compressed or not.
   *
   * @throws ArgumentError for a class of your own with the type of one of this package: `load` would build that one
   */
  async toBytes(options: SaveOptions = {}): Promise<Uint8Array> {
    this.#requireLive();
    return modelBytes(this, options);
  }

  /** Writes a model file, whole or not at all, to a path, a file handle or a stream; `load` reads it. */
  async save(target: ByteTarget, options?: SaveOptions): Promise<void> {
    requireTarget(target);
    await saveBytes(target, await this.toBytes(options));
  }
}

/** Refuses what is no layer or network. @throws ArgumentError */
export function requireModule(operation: string, model: unknown): asserts model is Module {
  checkArgument(operation, 'model', moduleRule, model);
}

/** A layer or a network, as functions take it. */
const moduleRule = option.that<Module>('a layer or a network', (value) => value instanceof Module);

/** The name of a class of layers in messages; of a minified class its own name would say nothing. */
function titleOf(layer: unknown): string {
  const { title, type, name } = layer as { title?: string; type?: string; name: string };
  return title ?? (type ? `${type[0]?.toUpperCase()}${type.slice(1)}` : name);
}
