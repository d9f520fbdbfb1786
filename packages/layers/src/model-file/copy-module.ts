import type { DecodedModel, ModelTensor } from '@funhash/codec/read';
import { type KnownSchemes, SharedSpace, type Weight } from '@funhash/space';
import { tensor } from '@funhash/tensor';
import type { Module } from '../module.ts';
import { type LayerClass, LayerReader, type ReaderContext } from './layer-reader.ts';
import { savedValues } from './model-bytes.ts';

/** What a weight becomes in the copy of the layer at a place. */
type ReplaceWeight = (place: string, name: string, copy: Weight) => Weight;

export interface CopyOptions {
  readonly schemes: KnownSchemes;
  readonly replace: ReplaceWeight;
}

/** A module with values of its own, in which a layer that stands in several places still is one layer. */
export async function copyModule(root: Module, { schemes, replace }: CopyOptions): Promise<Module> {
  const tensors = await valuesOf(root);
  const context: ReaderContext = {
    source: 'a copy',
    model: { spec: null, tensors },
    layers: {},
    keepsPrecision: true,
    schemes,
    policy: undefined,
    spaces: new Map(
      [...root.sharedSpaces()].map(({ name }) => {
        const { data, shape } = tensors.get(name) as ModelTensor;
        return [name, SharedSpace.of(name, tensor(data, shape))];
      }),
    ),
    ties: {},
    built: new Map(),
    taken: new Set(),
  };
  const copies = new Map<Module, Module>();
  const copyAt = (module: Module, place: string): Module => {
    const copy = copies.get(module) ?? made(module, place);
    copies.set(module, copy);
    return copy;
  };
  // What holds others is built of their copies; a layer by itself as from a file of it.
  const made = (module: Module, place: string): Module =>
    module.members.size > 0
      ? module.withMembers((member, name) => copyAt(member, placeIn(place, name)))
      : copyOf(module, new CopyReader(module.spec, place, context, replace));
  const copy = copyAt(root, '');
  copy.signature = root.signature;
  return copy;
}

function copyOf(module: Module, reader: LayerReader): Module {
  const own = module.constructor as unknown as LayerClass;
  return own.fromSpec(reader);
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

  override weight(name: string): Weight {
    return this.#replace(this.#place, name, super.weight(name));
  }
}

async function valuesOf(root: Module): Promise<DecodedModel['tensors']> {
  const tensors = new Map<string, ModelTensor & { readonly dtype: 'F32' | 'I32' }>();
  for (const [name, { value }] of savedValues(root)) {
    const { shape, dtype } = value;
    const data = await value.data();
    // A copy: a backend may give its own memory.
    if (dtype === 'i32') tensors.set(name, { shape, data: Int32Array.from(data), dtype: 'I32' });
    else tensors.set(name, { shape, data: data.slice(), dtype: 'F32' });
  }
  return tensors;
}
