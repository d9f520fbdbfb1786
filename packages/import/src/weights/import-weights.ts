import { checkArgument, checkOptions, nearestName, type OptionsOf, option, quoted } from '@funhash/hashing';
import { Module, trace } from '@funhash/layers';
import { scope, tensor, zeros } from '@funhash/tensor';
import { countOf, type NumberArray } from '../array.ts';
import { ImportError } from '../import-error.ts';
import { columnsOfImage, type Layout, layouts, type Origin } from './layouts.ts';
import { readSafetensors } from './read-safetensors.ts';
import { readStateDict } from './read-state-dict.ts';
import type { StoredWeight, WeightTable } from './weight-table.ts';

const rules = {
  /**
   * Names of layers in the file, by their places in the network: `{ 0: 'conv1', 3: 'fc1' }`. Default: those of the same name, then
   * those whose tensors fit.
   */
  names: option.that<Readonly<Record<string, string>>>(
    "a record of texts, such as { 0: 'conv1' }",
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((each) => typeof each === 'string'),
  ),
  /** Shape of one input, such as [28, 28, 1]: what a Flatten makes of it decides columns behind it. Default: that of the signature. */
  input: option.that<readonly number[]>(
    'a list of whole numbers ≥ 1',
    (value) =>
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= 16 &&
      value.every((n) => Number.isInteger(n) && n >= 1),
  ),
};

/** Options of `importSafetensors` and `importStateDict`. */
export type ImportWeightsOptions = OptionsOf<typeof rules>;

/** What was taken from a file of weights. */
export interface ImportedWeights {
  /** Names of layers in the file, by their places in the network. */
  readonly names: Readonly<Record<string, string>>;
  /** Tensors that no network needs: counters of batches. */
  readonly dropped: readonly string[];
}

/**
 * Overwrites the values of a network with those of a safetensors file that PyTorch or Keras wrote, under their names and
 * in their order of axes: kernels [O, I, H, W] or [H, W, I, O], gates, biases that are added here, columns of the dense layer
 * behind a Flatten. All types of numbers are read. Counters (`num_batches_tracked`) are dropped.
 *
 *     importSafetensors(await readFile('lenet.safetensors'), leNet5());
 *
 * @param into a network of dense weights; compress it afterwards
 * @throws ImportError for damaged files, and where layers and tensors do not match: both sides are listed; nothing is
 * overwritten then
 */
export function importSafetensors(
  bytes: Uint8Array,
  into: Module,
  options: ImportWeightsOptions = {},
): ImportedWeights {
  return imported('importSafetensors', into, options, () => readSafetensors(bytes));
}

/**
 * Overwrites the values of a network with those of a state_dict that `torch.save` wrote (.pt, .pth): as
 * `importSafetensors`. Nothing in the file is run; a whole pickled model is refused.
 *
 * @param into a network of dense weights; compress it afterwards
 * @throws ImportError for damaged files, and where layers and tensors do not match; nothing is overwritten then
 */
export function importStateDict(
  bytes: Uint8Array,
  into: Module,
  options: ImportWeightsOptions = {},
): ImportedWeights {
  return imported('importStateDict', into, options, () => readStateDict(bytes));
}

/** A layer with values, at its place. */
interface Place {
  readonly name: string;
  readonly layer: Module;
  readonly layout: Layout;
}

interface Group {
  readonly tensors: ReadonlyMap<string, StoredWeight>;
}

function imported(
  operation: string,
  into: Module,
  options: ImportWeightsOptions,
  read: () => WeightTable,
): ImportedWeights {
  checkArgument(
    operation,
    'into',
    option.that<Module>('a layer or a network', (value) => value instanceof Module),
    into,
  );
  checkOptions(operation, rules, options);
  const table = read();
  const dropped = [...table.keys()].filter((name) => /(^|\.)num_batches_tracked$/.test(name));
  for (const name of dropped) table.delete(name);
  const origin = originOf(table);
  const groups = groupsOf(table);
  const places = placesIn(into, '', origin, operation);
  const matches = matched(operation, places, groups, origin, options.names ?? {});
  const images =
    origin === 'pytorch'
      ? imagesBehind(operation, into, options.input)
      : new Map<string, readonly [number, number, number]>();
  // All is read before anything is overwritten.
  const values = places.map(({ name, layout }) => {
    const group = groups.get(matches.get(name) as string) as Group;
    const made = layout.values(layout.taken.map((taken, k) => tensorOf(group, taken.name, k).read()));
    const image = images.get(name);
    const matrix = made['weight.w'];
    return image && matrix
      ? { ...made, 'weight.w': columnsOfImage(matrix, image) }
      : image
        ? valuesOfImage(made, image)
        : made;
  });
  places.forEach(({ layer }, k) => {
    const held = new Map([...layer.namedParameters(), ...layer.namedBuffers()]);
    for (const [name, array] of Object.entries(values[k] as Readonly<Record<string, NumberArray>>)) {
      const parameter = held.get(name);
      if (parameter)
        scope(() =>
          parameter.assign(
            tensor(Float32Array.from(array.data), parameter.value.shape, { dtype: parameter.value.dtype }),
          ),
        );
    }
  });
  return { names: Object.fromEntries(matches), dropped };
}

const originOf = (table: WeightTable): Origin =>
  [...table.keys()].some((name) => /(^|[./])(kernel|embeddings|gamma|vars[./]0)(:0)?$/.test(name))
    ? 'keras'
    : 'pytorch';

/** Tensors by the name of their layer. */
function groupsOf(table: WeightTable): Map<string, Group> {
  const groups = new Map<string, { tensors: Map<string, StoredWeight> }>();
  for (const [full, stored] of table) {
    const name = full.replace(/:0$/, '').replaceAll('/', '.');
    const cut = /\.vars\.\d+$/.test(name) ? name.lastIndexOf('.vars.') : name.lastIndexOf('.');
    const layer = name.slice(0, Math.max(0, cut));
    const group = groups.get(layer) ?? { tensors: new Map() };
    group.tensors.set(name.slice(cut + 1), stored);
    groups.set(layer, group);
  }
  return groups;
}

/** A tensor of a layer by its name, or by its place where Keras numbers them. */
const tensorOf = (group: Group, name: string, k: number): StoredWeight =>
  (group.tensors.get(name) ?? group.tensors.get(`vars.${k}`)) as StoredWeight;

function placesIn(module: Module, name: string, origin: Origin, operation: string): Place[] {
  const { type } = module.constructor as unknown as { readonly type: string };
  const layoutOf = Object.hasOwn(layouts, type) ? layouts[type] : undefined;
  if (layoutOf) {
    const odd = [...module.weights()].find(([, weight]) => !weight.isPlain);
    if (odd)
      throw new ImportError({
        operation,
        expected: 'a network of dense weights',
        actual: `${odd[0]} of ${name || 'the layer'}, which is ${odd[1].definition.kind}`,
        remedy: 'Build it with dense weights, import, and compress it then.',
      });
    return [{ name, layer: module, layout: layoutOf(module, origin) }];
  }
  return [...module.members].flatMap(([place, member]) =>
    placesIn(member, name === '' ? place : `${name}.${place}`, origin, operation),
  );
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Whether a group of the file has just what a layer takes. */
function fits({ taken }: Layout, group: Group | undefined): boolean {
  return (
    group?.tensors.size === taken.length &&
    taken.every(({ name, shape }, k) => {
      const stored = tensorOf(group, name, k) as StoredWeight | undefined;
      return stored !== undefined && shapeText(stored.shape) === shapeText(shape);
    })
  );
}

/** Names of groups by places of layers. */
function matched(
  operation: string,
  places: readonly Place[],
  groups: ReadonlyMap<string, Group>,
  origin: Origin,
  names: Readonly<Record<string, string>>,
): Map<string, string> {
  const matches = new Map<string, string>();
  const free = new Set(groups.keys());
  const take = (place: string, group: string): void => {
    matches.set(place, group);
    free.delete(group);
  };
  for (const { name, layout } of places) {
    const asked = Object.hasOwn(names, name) ? names[name] : name;
    if (asked !== undefined && free.has(asked) && fits(layout, groups.get(asked))) take(name, asked);
  }
  const open = () => places.filter(({ name }) => !matches.has(name) && !Object.hasOwn(names, name));
  // In the order of both, where that fits everywhere.
  const inOrder = [...free];
  const rest = open();
  if (
    rest.length === inOrder.length &&
    rest.every(({ layout }, k) => fits(layout, groups.get(inOrder[k] as string)))
  )
    rest.forEach(({ name }, k) => {
      take(name, inOrder[k] as string);
    });
  // Else by shapes, as long as they leave no choice.
  for (let isNew = true; isNew; ) {
    isNew = false;
    for (const { name, layout } of open()) {
      const candidates = [...free].filter((group) => fits(layout, groups.get(group)));
      const rivals = open().filter(
        (other) => other.name !== name && candidates.some((group) => fits(other.layout, groups.get(group))),
      );
      if (candidates.length !== 1 || rivals.length > 0) continue;
      take(name, candidates[0] as string);
      isNew = true;
    }
  }
  const missing = places.filter(({ name }) => !matches.has(name));
  if (missing.length > 0 || free.size > 0) refuseUnmatched(operation, missing, free, groups, origin);
  return matches;
}

function refuseUnmatched(
  operation: string,
  missing: readonly Place[],
  free: ReadonlySet<string>,
  groups: ReadonlyMap<string, Group>,
  origin: Origin,
): never {
  const groupText = (name: string): string =>
    `${quoted(name)} (${[...(groups.get(name) as Group).tensors].map(([own, { shape }]) => `${own} ${shapeText(shape)}`).join(', ')})`;
  const placeText = ({ name, layer, layout }: Place): string => {
    const { type } = layer.constructor as unknown as { readonly type: string };
    const candidates = [...free].filter((group) => fits(layout, groups.get(group)));
    const nearest =
      candidates.length > 1 ? candidates.slice(0, 4).map(quoted).join(' or ') : nearestName(name, [...free]);
    const taken = layout.taken.map((each) => `${each.name} ${shapeText(each.shape)}`).join(', ');
    return `${quoted(name)}, ${type} (${taken})${nearest === undefined ? '' : `; perhaps ${nearest}`}`;
  };
  const listed = (texts: readonly string[]): string =>
    texts.length === 0
      ? 'none'
      : `${texts.slice(0, 12).join('; ')}${texts.length > 12 ? `; and ${texts.length - 12} more` : ''}`;
  throw new ImportError({
    operation,
    expected: `tensors of ${origin === 'pytorch' ? 'PyTorch' : 'Keras'} for each layer; layers without: ${listed(missing.map(placeText))}`,
    actual: `tensors of no layer: ${listed([...free].map(groupText))}`,
    remedy: `Say which is which: { names: { ${quoted(missing[0]?.name ?? '0')}: ${quoted([...free][0] ?? 'name')} } }, or build the network that the file is of.`,
  });
}

/** Images that a Flatten makes rows of, by places of the layers whose columns they are. */
function imagesBehind(
  operation: string,
  into: Module,
  given: readonly number[] | undefined,
): Map<string, readonly [number, number, number]> {
  const found = new Map<string, readonly [number, number, number]>();
  const flattens = flattensIn(into, '');
  if (flattens.length === 0) return found;
  const input = given ?? into.signature?.input;
  if (!input)
    throw new ImportError({
      operation,
      expected: 'the shape of an input, since the network flattens images',
      actual: 'none',
      remedy: 'Give it: { input: [28, 28, 1] }. PyTorch flattens channels first, networks here last.',
    });
  if (!(countOf(input) < 2 ** 28))
    throw new ImportError({ operation, expected: 'an input that can be held', actual: shapeText(input) });
  scope(() => {
    const shown = trace(into, zeros([1, ...input]));
    for (const { before, behind } of flattens) {
      const shape = before === undefined ? [1, ...input] : shown.get(`${before}.output`)?.shape;
      if (shape?.length !== 4) continue;
      const image = shape.slice(1) as [number, number, number];
      if (image[2] === 1 || image[0] * image[1] === 1) continue;
      for (const place of behind) found.set(place, image);
    }
  });
  return found;
}

/** Flattens in chains of layers: what stands before, and the layers behind that see its columns one by one. */
function flattensIn(module: Module, name: string): { before: string | undefined; behind: string[] }[] {
  const at = (place: string | number): string => (name === '' ? String(place) : `${name}.${place}`);
  const own: { before: string | undefined; behind: string[] }[] = [];
  const { chain } = module;
  chain?.forEach((layer, k) => {
    if (typeOf(layer) !== 'flatten') return;
    const behind: string[] = [];
    for (let next = k + 1; next < chain.length; next++) {
      const type = typeOf(chain[next] as Module);
      if (type === 'dense' || type === 'batchNorm' || type === 'layerNorm') behind.push(at(next));
      if (!['batchNorm', 'layerNorm', 'dropout', 'activation'].includes(type)) break;
    }
    own.push({ before: k === 0 ? (name === '' ? undefined : name) : at(k - 1), behind });
  });
  return [...own, ...[...module.members].flatMap(([place, member]) => flattensIn(member, at(place)))];
}

const typeOf = (layer: Module): string => (layer.constructor as unknown as { readonly type: string }).type;

/** Values of each column of an image, such as those of a normalisation. */
function valuesOfImage(
  values: Readonly<Record<string, NumberArray>>,
  image: readonly [number, number, number],
): Readonly<Record<string, NumberArray>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, array]) => [
      name,
      { ...columnsOfImage({ ...array, shape: [1, array.data.length] }, image), shape: array.shape },
    ]),
  );
}
