import {
  type ByteSource,
  type ContainerReader,
  type DecodedModel,
  decodeModel,
  inflateBytes,
  readBytes,
  sourceName,
} from '@funhash/codec/read';
import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { hashesRule, type KnownSchemes, SharedSpace, schemesRule, type WeightPolicy } from '@funhash/space';
import { tensor } from '@funhash/tensor';
import type { Module } from '../module.ts';
import { requireOwnTypes } from '../own-types.ts';
import type { Signature } from '../signature.ts';
import {
  buildLayer,
  type Fields,
  isFields,
  type LayerClass,
  located,
  refusal,
  shown,
} from './layer-reader.ts';

const isLayerClass = (value: unknown): boolean =>
  typeof value === 'function' && 'fromSpec' in value && 'type' in value && typeof value.type === 'string';

const rules = {
  /** Schemes of the caller's own, besides those of this package. Each has a kind of its own. */
  schemes: schemesRule,
  /** Hashes of the caller's own, made by `defineHash`. */
  hashes: hashesRule,
  /** Layers of the caller's own, besides those of this package. Each has a type of its own. */
  layers: option.that<Readonly<Record<string, LayerClass>>>(
    'a record of classes of layers, such as { Dense }',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every(isLayerClass),
  ),
  /** Containers of files besides safetensors, such as `{ compact }`. Default: those of this package; of `loadOnly` none. */
  containers: option.that<Readonly<Record<string, ContainerReader>>>(
    'a record of containers, such as { compact }',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every((each) => typeof each === 'object' && each !== null && 'isOf' in each),
  ),
  /** When weights are decoded, instead of what the file says: `frozen` for a trained model that only answers. */
  policy: option.oneOf<WeightPolicy>(['tile', 'step', 'frozen']),
  /** Largest file read, also when inflated or decoded. Default 1 GiB; of compressed files and coded weights 64 MiB and 16 times their length. */
  maxBytes: option.integer({ least: 0, most: Number.MAX_SAFE_INTEGER }),
};

/** Options of `load`. */
export type LoadOptions = OptionsOf<typeof rules>;

/** The options of `load` or one of its kin, checked. @throws ArgumentError, OptionError for an unknown one */
export function checkLoadOptions(operation: string, options: unknown): void {
  checkOptions(operation, rules, options);
  const { layers }: LoadOptions = options ?? {};
  if (layers) requireOwnTypes(operation, Object.values(layers));
}

/** A file that can be read: what it describes, and its values. */
export interface ModelFile {
  /** The name of the file, for errors. */
  readonly source: string;
  readonly model: DecodedModel;
  /** The description of the outermost layer. */
  readonly spec: unknown;
  readonly spaces: ReadonlyMap<string, SharedSpace>;
  readonly ties: Fields;
  /** What inputs and outputs mean, where the file says so: not checked. */
  readonly signature: unknown;
}

/** @throws ModelFileError for bytes that are no model file or were damaged */
export async function readModelFile(
  source: ByteSource,
  { maxBytes, containers = {} }: Pick<LoadOptions, 'maxBytes' | 'containers'>,
): Promise<ModelFile> {
  const name = sourceName(source, 'load');
  const limit = maxBytes === undefined ? {} : { maxBytes };
  const given = await readBytes(source, limit);
  const container = Object.values(containers).find((each) => each.isOf(given));
  if (container) return modelFile(container.decode(given, { ...limit, source: name }), name);
  const bytes = await inflateBytes(given, {
    ...limit,
    source: name,
    safetensorsOnly: true,
  });
  return modelFile(decodeModel(bytes, { ...limit, source: name }), name);
}

/** What a decoded file holds. */
export function modelFile(model: DecodedModel, source: string): ModelFile {
  const { spec, tensors } = model;
  if (!isFields(spec) || !Array.isArray(spec.spaces) || !isFields(spec.ties))
    throw refusal(source, 'a model, its spaces and its ties', shown(spec));
  const spaces = new Map(
    spec.spaces.map((space: unknown): [string, SharedSpace] => {
      const stored = tensors.get(space as string);
      if (stored?.shape.length !== 1)
        throw refusal(source, 'stored values [K] for each shared space', shown(space));
      const name = space as string;
      return [name, SharedSpace.of(name, tensor(stored.data, stored.shape, { dtype: 'f32' }))];
    }),
  );
  if (spaces.size < spec.spaces.length) throw refusal(source, 'each shared space once', shown(spec.spaces));
  return { source, model, spec: spec.model, spaces, ties: spec.ties, signature: spec.signature };
}

/** The model of a file, of layers and schemes that are known. */
export function modelOf(
  { spec, signature, ...file }: ModelFile,
  layers: Readonly<Record<string, LayerClass>>,
  schemes: KnownSchemes,
  policy?: WeightPolicy,
): Module {
  const { source, model } = file;
  const context = { ...file, layers, schemes, policy, built: new Map(), taken: new Set<string>() };
  const built = buildLayer(spec, '', context);
  const unused = [...model.tensors.keys()].filter((key) => !context.taken.has(key));
  if (unused.length > 0) throw refusal(source, 'only values that belong to a layer', shown(unused));
  if (signature !== undefined)
    located('', context, () => {
      // The setter checks it.
      built.signature = signature as Signature;
    });
  return built;
}
