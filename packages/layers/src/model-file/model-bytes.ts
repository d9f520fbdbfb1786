import type { ByteTarget, JsonValue, ModelContainer, StorageChoice } from '@funhash/codec';
import { atLeastF16, compressBytes, encodeModel } from '@funhash/codec/write';
import { ArgumentError, checkArgument, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import type { TypedArray } from '@funhash/tensor';
import { requireTypesForFile, type Typed } from '../own-types.ts';
import { uniquelyNamed } from '../uniquely-named.ts';
import { SavedCodes } from './saved-codes.ts';

const saveOptions = {
  /**
   * The format of the stored values in the file, one of `storageFormats` of `@funhash/codec`: `f32` (default), `f16`, `bf16`, `f8`,
   * `i2` to `i8`, codes of so many bits with a scale for each tensor, or `coded`, entropy-coded multiples of a step. Running statistics are stored in `f16` at least.
   * A function gives each tensor a format of its own.
   */
  storeAs: option.that<StorageChoice>('a storage format, or a function that gives one', (value) =>
    ['string', 'function'].includes(typeof value),
  ),
  /**
   * Whether quantised weights (`lsq`, `ternary`) keep the latent values that their training goes on with. Default false: codes
   * alone, a few bits each, which decode to the same weights.
   */
  latent: option.flag(),
  /** Whether the file is compressed (gzip). Default false. */
  compress: option.flag(),
  /** The compact container, for the smallest files: `import { compact } from '@funhash/layers'`. Default: safetensors. */
  compact: option.that<ModelContainer>(
    'the compact container: import { compact } from @funhash/layers',
    (value) => typeof value === 'object' && value !== null && 'encode' in value,
  ),
} as const;

export type SaveOptions = OptionsOf<typeof saveOptions>;

const targetRule = option.that<ByteTarget>(
  'a path, a URL, a file handle or a stream',
  (value) =>
    (typeof value === 'string' && value !== '') ||
    (typeof value === 'object' &&
      value !== null &&
      ['href', 'createWritable', 'getWriter'].some((part) => part in value)),
);

/** A layer or a network as far as its file tells of it. */
interface Saved {
  readonly spec: object;
  readonly signature: object | undefined;
  readonly members: ReadonlyMap<string, Saved>;
  namedParameters(): ReadonlyMap<string, Parameter>;
  namedBuffers(): ReadonlyMap<string, Parameter>;
  sharedSpaces(): ReadonlySet<{ readonly name: string }>;
}

/** Refuses what no file can be written to. @throws ArgumentError */
export function requireTarget(target: unknown): void {
  checkArgument('save', 'target', targetRule, target);
}

/** The contents of a model file, see `Module.toBytes`. */
export async function modelBytes(module: Saved, options: SaveOptions): Promise<Uint8Array> {
  checkOptions('save', saveOptions, options);
  requireTypesForFile('save', classesIn(module));
  const { storeAs = 'f32', latent = false, compress = false, compact } = options;
  if (compact && compress)
    throw new ArgumentError({
      operation: 'save',
      expected: 'either compact or compress',
      actual: 'both',
      remedy: 'A compact file is not compressed any further: leave out compress.',
    });
  const tensors: Record<string, { shape: readonly number[]; data: TypedArray }> = {};
  const saved = savedValues(module);
  const codes = new SavedCodes(latent ? new Map() : saved);
  for (const [name, { value }] of saved)
    tensors[name] = { shape: value.shape, data: await codes.settled(name, await value.data()) };
  const spaces = [...module.sharedSpaces()].map(({ name }) => name);
  const { signature } = module;
  const spec = {
    model: module.spec as JsonValue,
    spaces,
    ties: Object.fromEntries(tiesOf(module)),
    ...(signature && { signature: signature as JsonValue }),
  };
  const buffers = module.namedBuffers();
  const chosen = atLeastF16(storeAs, (name) => buffers.has(name));
  const encode = compact ? compact.encode : encodeModel;
  const bytes = encode({
    spec,
    tensors,
    storeAs: (name, shape) =>
      codes.formatOf(name) ?? (typeof chosen === 'function' ? chosen(name, shape) : chosen),
  });
  return compress ? compressBytes(bytes) : bytes;
}

/** All that a file of a module holds: parameters and buffers. */
export function savedValues(module: Saved): ReadonlyMap<string, Parameter> {
  return uniquelyNamed(module.constructor.name, [...module.namedParameters(), ...module.namedBuffers()]);
}

/** The classes of a module and of all that it is made of. */
function* classesIn(module: Saved): Generator<Typed> {
  yield module.constructor as unknown as Typed;
  for (const member of module.members.values()) yield* classesIn(member);
}

/** Second places of layers with values of their own in a module, each with the first place of its layer. */
function tiesOf(root: Saved): [place: string, first: string][] {
  const firstPlaces = new Map<Saved, string>();
  const ties: [string, string][] = [];
  const visit = (module: Saved, place: string): void => {
    for (const [name, member] of module.members) visit(member, place === '' ? name : `${place}.${name}`);
    if (module.members.size > 0 || savedValues(module).size === 0) return;
    const first = firstPlaces.get(module);
    if (first === undefined) firstPlaces.set(module, place);
    else ties.push([place, first]);
  };
  visit(root, '');
  return ties;
}
