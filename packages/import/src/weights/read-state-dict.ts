import { quoted, requireBytes } from '@funhash/hashing';
import { countOf, emptyLike, visitPlaces } from '../array.ts';
import { type ElementTypeName, elementsIn, elementTypes } from '../element-types.ts';
import { ImportError } from '../import-error.ts';
import { readStoredZip } from './read-zip.ts';
import { Global, Made, Outside, unpickle } from './unpickle.ts';
import type { StoredWeight, WeightTable } from './weight-table.ts';

const operation = 'importStateDict';

const storages: Readonly<Record<string, ElementTypeName>> = {
  ...{ Double: 'F64', Float: 'F32', Half: 'F16', BFloat16: 'BF16' },
  ...{ Long: 'I64', Int: 'I32', Short: 'I16', Char: 'I8', Byte: 'U8', Bool: 'BOOL' },
};

function refuse(expected: string, actual: string, remedy = 'The file is damaged.'): never {
  throw new ImportError({ operation, expected, actual, remedy });
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 16 && value.every((n) => Number.isSafeInteger(n) && n >= 0);

/**
 * The tensors of a state_dict that `torch.save` wrote (PyTorch 1.6 or later): a zip with a pickle, of which a subset is read
 * that can hold tensors and runs nothing. A checkpoint with the state_dict under `state_dict`, `model_state_dict` or `model`
 * is one too.
 *
 * @throws ImportError for damaged files, whole models, and files of before 1.6
 */
export function readStateDict(bytes: Uint8Array): WeightTable {
  const given = requireBytes(operation, 'a file', bytes);
  const file = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (file[0] === 0x80)
    refuse(
      'a zip archive',
      'a pickle, as PyTorch wrote it before 1.6',
      'Load it in PyTorch and save its state_dict() again.',
    );
  const entries = readStoredZip(file);
  const pickle = [...entries.keys()].find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickle === undefined)
    return refuse('an entry data.pkl', `${entries.size} others`, 'Save model.state_dict() with torch.save.');
  const root = pickle.slice(0, -'data.pkl'.length);
  const order = entries.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(order.slice(0, 10)).trim() !== 'little')
    refuse('numbers of little endian', 'others');
  const table: WeightTable = new Map();
  // Many views of one storage would take many times its memory.
  let left = 4 * file.length + 2 ** 16;
  const spend = (count: number): void => {
    left -= count;
    if (left < 0)
      refuse('tensors of about the size of the file', 'many views of one', 'Save a copy of each tensor.');
  };
  for (const [name, value] of tensorsIn(unpickle(entries.get(pickle) as Uint8Array)))
    table.set(
      name,
      weightOf(name, value, (key) => entries.get(`${root}data/${key}`), spend),
    );
  return table;
}

/** Tensors of a dictionary, or of the one that a checkpoint keeps them in. */
function tensorsIn(value: unknown, depth = 0): [string, Made][] {
  const map =
    value instanceof Map
      ? value
      : refuse('a dictionary of tensors', 'another value', 'Save model.state_dict().');
  const found: [string, Made][] = [];
  for (const [key, entry] of map as Map<unknown, unknown>)
    if (typeof key === 'string' && entry instanceof Made) found.push([key, entry]);
  if (found.length > 0) return found;
  // A dictionary may hold itself.
  for (const key of ['state_dict', 'model_state_dict', 'model'])
    if (depth < 2 && map.get(key) instanceof Map) return tensorsIn(map.get(key), depth + 1);
  return refuse(
    'a dictionary of tensors',
    `one of ${
      [...map.keys()]
        .filter((key) => typeof key === 'string')
        .slice(0, 9)
        .map((key) => quoted(key.slice(0, 40)))
        .join(', ') || 'nothing'
    }`,
    'Save model.state_dict().',
  );
}

function weightOf(
  name: string,
  made: Made,
  storageOf: (key: string) => Uint8Array | undefined,
  spend: (count: number) => void,
): StoredWeight {
  if (made.global.name === 'torch._utils._rebuild_parameter') {
    const inner = made.given[0];
    return inner instanceof Made && inner.global.name !== made.global.name
      ? weightOf(name, inner, storageOf, spend)
      : refuse(`a tensor as ${quoted(name)}`, 'another value');
  }
  const [storage, offset, shape, strides] = made.given;
  const id = storage instanceof Outside && Array.isArray(storage.id) ? storage.id : [];
  const [, kind, key, , length] = id;
  const type = kind instanceof Global ? storages[kind.name.replace(/^torch[.]|Storage$/g, '')] : undefined;
  if (
    made.global.name !== 'torch._utils._rebuild_tensor_v2' ||
    !type ||
    typeof key !== 'string' ||
    !/^\w{1,40}$/.test(key)
  )
    return refuse(
      `a tensor of numbers as ${quoted(name)}`,
      kind instanceof Global ? kind.name : 'another value',
    );
  if (
    !isCounts(shape) ||
    !isCounts(strides) ||
    strides.length !== shape.length ||
    !Number.isSafeInteger(offset) ||
    (offset as number) < 0
  )
    return refuse(`a shape and strides of ${quoted(name)}`, 'others');
  const { width } = elementTypes[type];
  const bytes = storageOf(key) ?? refuse(`the storage ${key} of ${quoted(name)}`, 'none');
  const held = Math.floor(bytes.length / width);
  const count = countOf(shape);
  const last = shape.reduce((sum, n, axis) => sum + (n - 1) * (strides[axis] as number), offset as number);
  if (Number.isNaN(count) || count > held || length !== held || (count > 0 && !(last < held)))
    return refuse(
      `elements of ${quoted(name)} within its ${held}`,
      `[${shape}] with strides [${strides}] from ${offset as number} on`,
    );
  return {
    shape,
    dtype: type,
    read: () => {
      spend(held);
      const source = elementsIn(elementTypes[type], bytes.subarray(0, held * width));
      const data = emptyLike(source, count);
      let at = 0;
      visitPlaces(shape, strides, (place) => {
        data[at++] = source[(offset as number) + place] as number;
      });
      return { kind: elementTypes[type].kind, shape, data };
    },
  };
}
