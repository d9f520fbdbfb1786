import { type ByteSource, type DecodedModel, decodeModel, readBytes } from '@funhash/codec';
import { ArgumentError } from '@funhash/hashing';
import { type Scheme, SharedSpace, schemes } from '@funhash/space';
import { scope, tensor } from '@funhash/tensor';
import * as layerClasses from './layer-classes.ts';
import { buildLayer, type LayerClass, type ReaderContext, refusal } from './layer-reader.ts';
import type { Module } from './module.ts';

export interface LoadOptions {
  /** Schemes of the caller's own, besides those of this package. */
  readonly schemes?: Readonly<Record<string, Scheme>>;
  /** Layers of the caller's own, besides those of this package. */
  readonly layers?: Readonly<Record<string, LayerClass>>;
  /** Largest file read. Default 1 GiB. */
  readonly maxBytes?: number;
}

/**
 * The model in a file written by `save`. The file is taken for hostile: it is checked whole before anything is built.
 *
 * @param source a path, URL, Blob, file handle, Response, or the bytes
 * @throws ModelFileError that says what is wrong and where
 */
export async function load(source: ByteSource, options: LoadOptions = {}): Promise<Module> {
  const { name, model } = await decoded(source, options);
  const { spec, spaces } = envelope(name, model);
  const context: ReaderContext = {
    source: name,
    model,
    layers: { ...layerClasses, ...options.layers },
    schemes: { ...schemes, ...options.schemes },
    spaces,
    taken: new Set(spaces.keys()),
  };
  const built = buildLayer(spec, '', context);
  const unused = [...model.tensors.keys()].filter((key) => !context.taken.has(key));
  if (unused.length > 0) throw refusal(name, 'values that belong to a layer', unused.join(', '));
  return built;
}

/**
 * Overwrites the values of a model built in code with those of a file.
 *
 * @throws ModelFileError for a damaged file, ArgumentError where names or shapes differ; then nothing is overwritten
 */
export async function loadInto(model: Module, source: ByteSource, options: LoadOptions = {}): Promise<void> {
  const { model: file } = await decoded(source, options);
  const parameters = model.namedParameters();
  const listing = (entries: Iterable<[string, readonly number[]]>): string =>
    [...entries].map(([name, shape]) => `${name} [${shape.join(', ')}]`).join(', ');
  const wanted = listing([...parameters].map(([name, { value }]) => [name, value.shape]));
  const found = listing(
    [...parameters.keys()].flatMap((name) => {
      const stored = file.tensors.get(name);
      return stored ? [[name, stored.shape]] : [];
    }),
  );
  if (wanted !== found || file.tensors.size !== parameters.size)
    throw new ArgumentError({
      operation: 'loadInto',
      expected: `the values ${wanted}`,
      actual: listing([...file.tensors].map(([name, { shape }]) => [name, shape])),
      remedy: 'Build the model as it was when it was saved.',
    });
  for (const [name, parameter] of parameters) {
    const stored = file.tensors.get(name) as NonNullable<ReturnType<typeof file.tensors.get>>;
    scope(() => parameter.assign(tensor(stored.data, stored.shape, { dtype: parameter.value.dtype })));
  }
}

async function decoded(
  source: ByteSource,
  { maxBytes }: LoadOptions,
): Promise<{ name: string; model: DecodedModel }> {
  const name = typeof source === 'string' || source instanceof URL ? String(source) : 'model file';
  const bytes = await readBytes(source, maxBytes === undefined ? {} : { maxBytes });
  return { name, model: decodeModel(bytes, { source: name }) };
}

function envelope(
  source: string,
  { spec, tensors }: DecodedModel,
): { spec: unknown; spaces: Map<string, SharedSpace> } {
  const fields = spec as { readonly model?: unknown; readonly spaces?: unknown } | null;
  if (typeof fields !== 'object' || fields === null || !Array.isArray(fields.spaces))
    throw refusal(source, 'a model and its spaces', JSON.stringify(spec).slice(0, 80));
  const spaces = new Map(
    fields.spaces.map((space): [string, SharedSpace] => {
      const stored = typeof space === 'string' ? tensors.get(space) : undefined;
      if (stored?.shape.length !== 1)
        throw refusal(source, 'stored values [K] for each shared space', String(space));
      return [space, SharedSpace.of(space, tensor(stored.data, stored.shape, { dtype: 'f32' }))];
    }),
  );
  return { spec: fields.model, spaces };
}
