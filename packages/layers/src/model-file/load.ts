import type { ByteSource, DecodedModel } from '@funhash/codec/read';
import { ArgumentError } from '@funhash/hashing';
import { knownSchemes, schemes } from '@funhash/space';
import { scope, shapeText, tensor } from '@funhash/tensor';
import * as layerClasses from '../layer-classes.ts';
import { type Module, savedValues } from '../module.ts';
import { type LoadOptions, type ModelFile, modelOf, readModelFile } from './read-model.ts';

export { ModelFileError } from '@funhash/codec/read';

/**
 * The model in a file written by `save`, compressed or not. The file is taken for hostile: nothing in it is believed
 * before it is checked.
 *
 * @param source a path, URL, Blob, file handle, Response, or the bytes
 * @throws ModelFileError that says what is wrong and where
 */
export async function load(source: ByteSource, options: LoadOptions = {}): Promise<Module> {
  return modelIn(await readModelFile(source, options), options);
}

/** The model that a file describes. */
export function modelIn(file: ModelFile, { layers, schemes: own, policy }: LoadOptions = {}): Module {
  return modelOf(file, { ...layerClasses, ...layers }, knownSchemes({ ...schemes, ...own }), policy);
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
  const { source: name, model: file, spec } = await readModelFile(source, options);
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
