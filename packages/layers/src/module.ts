import type { ByteTarget, JsonValue, StorageChoice } from '@funhash/codec';
import { random } from '@funhash/hashing';
import type { Parameter, SharedSpace } from '@funhash/space';
import type { Tensor, TypedArray } from '@funhash/tensor';
import { offerDefaultBackend } from '#default-backend';
import type { Layer, Model, Pass } from './layer.ts';
import { type Summary, type SummaryPart, summarize } from './summary.ts';
import { uniquelyNamed } from './uniquely-named.ts';

// Loaded when a model is first saved: most pages never do.
const codec = () => import('./model-file/model-writer.ts');

/** JSON data from which a layer is built again; `type` names its class. */
export interface LayerSpec {
  readonly type: string;
  readonly [option: string]: unknown;
}

export interface SaveOptions {
  /**
   * The format of the stored values in the file, one of `storageFormats` of `@funhash/codec`: `f32` (default), `f16`, `bf16`,
   * or `i2` to `i8`, codes of so many bits with a scale for each tensor. Running statistics are stored in `f16` at least.
   * A function gives each tensor a format of its own.
   */
  readonly storeAs?: StorageChoice;
  /** Whether the file is compressed (gzip). Default false. */
  readonly compress?: boolean;
}

const inference: Pass = { training: false, random: random(0) };

/** What all layers and networks share: parameters by name, a summary, saving. */
export abstract class Module implements Model, Layer {
  /** Modules that this one is made of, by name. */
  readonly members: ReadonlyMap<string, Module> = new Map();

  constructor() {
    offerDefaultBackend();
  }

  /** Everything but parameter values. */
  abstract get spec(): LayerSpec;

  /** The output for x; without a pass: inference. */
  forward(x: Tensor, pass: Pass = inference): Tensor {
    return this.compute(x, pass);
  }

  abstract compute(x: Tensor, pass: Pass): Tensor;

  /** Parameters by a name unique in this module; one that is shared by several places appears once. */
  namedParameters(): ReadonlyMap<string, Parameter> {
    return new Map();
  }

  /** Tensors that are saved but not trained, by names that no parameter of this module has. */
  namedBuffers(): ReadonlyMap<string, Parameter> {
    return new Map();
  }

  /** What the summary lists. */
  parts(): readonly SummaryPart[] {
    return [];
  }

  /** Spaces that layers of this module share. */
  sharedSpaces(): ReadonlySet<SharedSpace> {
    return new Set();
  }

  /** Decides start values where the module was given no seed of its own and has not been used yet. */
  seedWith(_seed: number): void {}

  /** All trainable tensors, each once. */
  parameters(): readonly Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Stored and virtual sizes, layer by layer; prints as a table. */
  summary(): Summary {
    return summarize(this.parts());
  }

  /** The contents of a model file (safetensors), which `load` takes compressed or not. */
  async toBytes({ storeAs = 'f32', compress = false }: SaveOptions = {}): Promise<Uint8Array> {
    const tensors: Record<string, { shape: readonly number[]; data: TypedArray }> = {};
    for (const [name, { value }] of savedValues(this))
      tensors[name] = { shape: value.shape, data: await value.data() };
    const spaces = [...this.sharedSpaces()].map(({ name }) => name);
    const spec = { model: this.spec as JsonValue, spaces, ties: Object.fromEntries(tiesOf(this)) };
    const { atLeastF16, compressBytes, encodeModel } = await codec();
    const buffers = this.namedBuffers();
    const bytes = encodeModel({ spec, tensors, storeAs: atLeastF16(storeAs, (name) => buffers.has(name)) });
    return compress ? compressBytes(bytes) : bytes;
  }

  /** Writes a model file, whole or not at all, to a path, a file handle or a stream; `load` reads it. */
  async save(target: ByteTarget, options?: SaveOptions): Promise<void> {
    const bytes = await this.toBytes(options);
    await (await codec()).saveBytes(target, bytes);
  }
}

/** All that a file of a module holds: parameters and buffers. */
export function savedValues(module: Module): ReadonlyMap<string, Parameter> {
  return uniquelyNamed(module.constructor.name, [...module.namedParameters(), ...module.namedBuffers()]);
}

/** Where a layer with values of its own has a second place in a module: that place, and the first one. */
function tiesOf(root: Module): [place: string, first: string][] {
  const firstPlaces = new Map<Module, string>();
  const ties: [string, string][] = [];
  const visit = (module: Module, place: string): void => {
    for (const [name, member] of module.members) visit(member, place === '' ? name : `${place}.${name}`);
    if (module.members.size > 0 || savedValues(module).size === 0) return;
    const first = firstPlaces.get(module);
    if (first === undefined) firstPlaces.set(module, place);
    else ties.push([place, first]);
  };
  visit(root, '');
  return ties;
}
