import type { DecodedModel, ModelTensor } from '@funhash/codec/read';
import { ArgumentError } from '@funhash/hashing';
import { type KnownSchemes, SharedSpace, type Weight } from '@funhash/space';
import { tensor } from '@funhash/tensor';
import { type Module, savedValues } from '../module.ts';
import { type LayerClass, LayerReader, type ReaderContext } from './layer-reader.ts';

/** What a weight becomes in the copy of the layer at a place. */
type ReplaceWeight = (place: string, name: string, copy: Weight) => Weight;

export interface CopyOptions {
  readonly schemes: KnownSchemes;
  readonly replace: ReplaceWeight;
}

/** A module with values of its own, in which a layer that stands in several places still is one layer. */
export async function copyModule(root: Module, { schemes, replace }: CopyOptions): Promise<Module> {
  const tensors = await valuesOf(root);
  const context: ReaderContext & { readonly ties: Record<string, string> } = {
    source: 'a copy',
    model: { spec: null, tensors },
    layers: {},
    schemes,
    policy: undefined,
    spaces: new Map(
      [...root.sharedSpaces()].map(({ name }) => {
        const { data, shape } = tensors.get(name) as ModelTensor;
        return [name, SharedSpace.of(name, tensor(data, shape))];
      }),
    ),
    // Members are built before what holds them, which finds them here.
    ties: {},
    built: new Map(),
    taken: new Set(),
  };
  const copies = new Map<Module, Module>();
  const copyAt = (module: Module, place: string): Module => {
    const found = copies.get(module) ?? made(module, place);
    copies.set(module, found);
    context.built.set(place, found);
    context.ties[place] = place;
    return found;
  };
  const made = (module: Module, place: string): Module => {
    for (const [name, member] of module.members) copyAt(member, placeIn(place, name));
    return rebuilt(module, new CopyReader(module.spec, place, context, replace));
  };
  return copyAt(root, '');
}

/** A module whose class alone cannot build it again, as it holds more than its spec: it copies itself. */
interface Rebuilding {
  /** Another module like this one, of what the reader gives for its spec. */
  rebuilt(reader: LayerReader): Module;
}

const isRebuilding = (module: Module): module is Module & Rebuilding => 'rebuilt' in module;

function rebuilt(module: Module, reader: LayerReader): Module {
  if (isRebuilding(module)) return module.rebuilt(reader);
  const own = module.constructor as (new () => Module) & Partial<LayerClass>;
  if (own.fromSpec) return own.fromSpec(reader);
  throw new ArgumentError({
    operation: `copy of ${own.name}`,
    expected: 'a layer that can be built from its spec',
    actual: 'a class without fromSpec',
    remedy: 'Give it a static fromSpec, as `load` needs too.',
  });
}

/** Names of members and weights in the module around them. */
export const placeIn = (place: string, name: string): string => (place === '' ? name : `${place}.${name}`);

class CopyReader extends LayerReader {
  readonly #place: string;
  readonly #replace: ReplaceWeight;

  constructor(spec: unknown, place: string, context: ReaderContext, replace: ReplaceWeight) {
    super(spec, place, context);
    this.#place = place;
    this.#replace = replace;
  }

  override weight(name: string, rows: number, cols: number): Weight {
    return this.#replace(this.#place, name, super.weight(name, rows, cols));
  }
}

async function valuesOf(root: Module): Promise<DecodedModel['tensors']> {
  const values = new Map<string, ModelTensor & { readonly dtype: 'F32' }>();
  // A copy: a backend may give its own memory.
  for (const [name, { value }] of savedValues(root))
    values.set(name, { shape: value.shape, data: Float32Array.from(await value.data()), dtype: 'F32' });
  return values;
}
