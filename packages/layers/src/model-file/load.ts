import { type ByteSource, compactReader, type DecodedModel } from '@funhash/codec/read';
import { ArgumentError } from '@funhash/hashing';
import { knownSchemes, schemes } from '@funhash/space';
import { scope, shapeText, tensor } from '@funhash/tensor';
import * as layerClasses from '../layer-classes.ts';
import { type LayerSpec, type Module, requireModule } from '../module.ts';
import { keepTypes, requireOwnTypes } from '../own-types.ts';
import { type Fields, isFields } from './layer-reader.ts';
import { savedValues } from './model-bytes.ts';
import { checkLoadOptions, type LoadOptions, type ModelFile, modelOf, readModelFile } from './read-model.ts';

export { ModelFileError } from '@funhash/codec/read';

keepTypes(Object.values(layerClasses));

/**
 * The model in a file written by `save`, compressed, compact or not. The file is taken for hostile: nothing in it is believed
 * before it is checked.
 *
 * @param source a path, URL, Blob, file handle, Response, or the bytes
 * @throws ModelFileError that says what is wrong and where
 */
export async function load(source: ByteSource, options: LoadOptions = {}): Promise<Module> {
  checkLoadOptions('load', options);
  return modelIn(await readModelFile(source, withContainers(options)), options);
}

/** The options with the containers of this package. */
function withContainers({ maxBytes, containers }: LoadOptions): LoadOptions {
  return { containers: { compactReader, ...containers }, ...(maxBytes !== undefined && { maxBytes }) };
}

/** The model that a file describes. */
export function modelIn(file: ModelFile, { layers, schemes: own, hashes, policy }: LoadOptions = {}): Module {
  // Not by their names: one of the caller's own would take the place of another.
  const all = [...Object.values(schemes), ...Object.values(own ?? {})];
  const classes = [...Object.values(layerClasses), ...Object.values(layers ?? {})];
  requireOwnTypes('load', classes);
  return modelOf(
    file,
    Object.fromEntries(classes.entries()),
    knownSchemes(Object.fromEntries(all.entries()), hashes),
    policy,
  );
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
  requireModule('loadInto', model);
  checkLoadOptions('loadInto', options);
  const { source: name, model: file, spec } = await readModelFile(source, withContainers(options));
  const values = savedValues(model);
  const differences = [...valueDifferences(values, file.tensors), ...weightDifferences(model, spec, '')];
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

function valueDifferences(values: ReturnType<typeof savedValues>, stored: DecodedModel['tensors']): string[] {
  const shapes = (entries: Iterable<readonly [string, { readonly shape: readonly number[] }]>) =>
    new Map([...entries].map(([name, { shape }]) => [name, shapeText(shape)] as const));
  return differencesOf(
    shapes([...values].map(([name, { value }]) => [name, value] as const)),
    shapes(stored),
  );
}

/** Differences between the matrices of a model and those that a file describes in its place, policies left out. */
function weightDifferences(module: Module, spec: unknown, path: string): string[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const described: Fields = isFields(spec) ? spec : {};
  const fields = (name: string, weight: unknown): ReadonlyMap<string, unknown> =>
    new Map(leavesOf(isFields(weight) ? { ...weight, policy: undefined } : undefined, at(name)));
  return [
    ...[...module.ownWeights()].flatMap(([name, weight]) =>
      differencesOf(fields(name, weight.spec), fields(name, described[name])),
    ),
    ...[...module.members].flatMap(([name, member]) =>
      weightDifferences(member, module.memberSpec(described as LayerSpec, name), at(name)),
    ),
  ];
}

/** Every value in nested fields and lists, by its path. */
function* leavesOf(value: unknown, path: string): Generator<[path: string, value: unknown]> {
  if (typeof value === 'object' && value !== null)
    for (const [key, member] of Object.entries(value)) yield* leavesOf(member, `${path}.${key}`);
  else if (value !== undefined) yield [path, value];
}

function differencesOf(own: ReadonlyMap<string, unknown>, stored: ReadonlyMap<string, unknown>): string[] {
  return [...new Set([...own.keys(), ...stored.keys()])]
    .filter((key) => own.get(key) !== stored.get(key))
    .map((key) => `${key}: ${stored.get(key) ?? 'none'} instead of ${own.get(key) ?? 'none'}`);
}
