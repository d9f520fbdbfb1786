import {
  type ByteSource,
  type DecodedModel,
  decodeModel,
  inflateBytes,
  readBytes,
} from '@funhash/codec/read';
import { ArgumentError } from '@funhash/hashing';
import { type Scheme, SharedSpace, schemes, type WeightPolicy } from '@funhash/space';
import { scope, shapeText, tensor } from '@funhash/tensor';
import * as layerClasses from './layer-classes.ts';
import {
  buildLayer,
  type Fields,
  isFields,
  type LayerClass,
  type ReaderContext,
  refusal,
  shown,
} from './layer-reader.ts';
import { type Module, savedValues } from './module.ts';

export { ModelFileError } from '@funhash/codec/read';

export interface LoadOptions {
  /** Schemes of the caller's own, besides those of this package. */
  readonly schemes?: Readonly<Record<string, Scheme>>;
  /** Layers of the caller's own, besides those of this package. */
  readonly layers?: Readonly<Record<string, LayerClass>>;
  /** When weights are decoded, instead of what the file says: `frozen` for a trained model that only answers. */
  readonly policy?: WeightPolicy;
  /** Largest file read, also when inflated. Default 1 GiB. */
  readonly maxBytes?: number;
}

/**
 * The model in a file written by `save`, compressed or not. The file is taken for hostile: nothing in it is believed
 * before it is checked.
 *
 * @param source a path, URL, Blob, file handle, Response, or the bytes
 * @throws ModelFileError that says what is wrong and where
 */
export async function load(source: ByteSource, options: LoadOptions = {}): Promise<Module> {
  const { name, model } = await decoded(source, options);
  return modelOf(model, name, options);
}

/** The model that a decoded file describes. */
export function modelOf(model: DecodedModel, source: string, options: LoadOptions = {}): Module {
  const { spec, spaces, ties } = envelope(source, model);
  const context: ReaderContext = {
    source,
    model,
    layers: { ...layerClasses, ...options.layers },
    schemes: { ...schemes, ...options.schemes },
    policy: options.policy,
    spaces,
    ties,
    built: new Map(),
    taken: new Set(),
  };
  const built = buildLayer(spec, '', context);
  const unused = [...model.tensors.keys()].filter((key) => !context.taken.has(key));
  if (unused.length > 0) throw refusal(source, 'only values that belong to a layer', shown(unused));
  return built;
}

/**
 * Overwrites the values of a model built in code with those of a file. Only the policies of weights may differ from
 * the model that was saved.
 *
 * @throws ModelFileError for a damaged file, ArgumentError where names, shapes, schemes or their options (hash seeds
 * among them) differ; then nothing is overwritten
 */
export async function loadInto(
  model: Module,
  source: ByteSource,
  options: Pick<LoadOptions, 'maxBytes'> = {},
): Promise<void> {
  const { name, model: file } = await decoded(source, options);
  const { spec } = envelope(name, file);
  const values = savedValues(model);
  const differences = [
    ...valueDifferences(values, file.tensors),
    ...differencesOf(new Map(decisive(model.spec, '')), new Map(decisive(spec, ''))),
  ];
  if (differences.length > 0)
    throw new ArgumentError({
      operation: 'loadInto',
      expected: 'a file of the same model',
      actual: `${differences.slice(0, 4).join('; ')}${differences.length > 4 ? '; …' : ''} (${name})`,
      remedy: 'Build the model as it was when it was saved, seeds included.',
    });
  for (const [key, parameter] of values) {
    const { data, shape } = file.tensors.get(key) as NonNullable<ReturnType<typeof file.tensors.get>>;
    scope(() => parameter.assign(tensor(data, shape, { dtype: parameter.value.dtype })));
  }
}

async function decoded(
  source: ByteSource,
  { maxBytes }: Pick<LoadOptions, 'maxBytes'>,
): Promise<{ name: string; model: DecodedModel }> {
  const name = typeof source === 'string' || source instanceof URL ? String(source) : 'model file';
  const limit = maxBytes === undefined ? {} : { maxBytes };
  const bytes = await inflateBytes(await readBytes(source, limit), { ...limit, source: name });
  return { name, model: decodeModel(bytes, { source: name }) };
}

function envelope(
  source: string,
  { spec, tensors }: DecodedModel,
): { spec: unknown; spaces: Map<string, SharedSpace>; ties: Fields } {
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
  return { spec: spec.model, spaces, ties: spec.ties };
}

function valueDifferences(values: ReturnType<typeof savedValues>, stored: DecodedModel['tensors']): string[] {
  const shapes = (entries: Iterable<readonly [string, { readonly shape: readonly number[] }]>) =>
    new Map([...entries].map(([name, { shape }]) => [name, shapeText(shape)] as const));
  return differencesOf(
    shapes([...values].map(([name, { value }]) => [name, value] as const)),
    shapes(stored),
  );
}

/** Every field on which the matrices of a model depend: all of its weights' specs but the policy. */
function* decisive(
  spec: unknown,
  path: string,
  isInWeight = false,
): Generator<[path: string, value: unknown]> {
  if (typeof spec !== 'object' || spec === null) {
    if (isInWeight) yield [path, spec];
    return;
  }
  const isWeight = 'kind' in spec && 'options' in spec;
  for (const [key, value] of Object.entries(spec))
    if (!(isWeight && key === 'policy'))
      yield* decisive(value, path === '' ? key : `${path}.${key}`, isInWeight || isWeight);
}

function differencesOf(wanted: ReadonlyMap<string, unknown>, found: ReadonlyMap<string, unknown>): string[] {
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((key) => wanted.get(key) !== found.get(key))
    .map((key) => `${key}: ${found.get(key) ?? 'none'} instead of ${wanted.get(key) ?? 'none'}`);
}
