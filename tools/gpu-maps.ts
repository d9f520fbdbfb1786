import { Graph, Program, symbolicWords, transposed, Word } from '@funhash/formula';
import { createBackend, type GpuMode } from '@funhash/gpu';
import {
  below,
  type HashFamily,
  hashFamilies,
  multiplyShiftWords,
  murmur3Words,
  signOf,
  type WordHash,
  xxHash32,
} from '@funhash/hashing';
import { type Backend, BackendError, runVirtualRows, type Tensor, tensor, useBackend } from '@funhash/tensor';

/** Signed indices on a backend against the hashes themselves, which know nothing of formulas: xxHash32 of eight bytes. */

const key = new Uint32Array(2);
const keyBytes = new Uint8Array(key.buffer);
// Bytes are hashed in little-endian order, which every engine's typed arrays have.
const xxHash32OfWords: WordHash = (row, col, seed) => {
  key[0] = row;
  key[1] = col;
  return xxHash32(keyBytes, seed);
};

const hashes: Readonly<Record<HashFamily, WordHash>> = {
  xxHash32: xxHash32OfWords,
  murmur3: murmur3Words,
  multiplyShift: multiplyShiftWords,
};

export const mappedFamilies = Object.keys(hashes) as HashFamily[];

/** Entry ±(index + 1): whole numbers that f32 holds below 2^23 buckets. */
function signedIndices(family: HashFamily): Program {
  const graph = new Graph();
  const leaf = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
  const hash = hashFamilies[family](symbolicWords(graph), leaf('row'), leaf('col'), leaf('uniform', 0));
  const entry = hash.below(leaf('uniform', 1)).asReal().plus(1).times(hash.asSign());
  return new Program(graph, [entry.id], [], { stored: 0, inputs: 0, uniforms: 2, scalars: 0 });
}

interface Tile {
  readonly ids: readonly number[];
  readonly cols: number;
  readonly seeds: readonly number[];
  readonly buckets: readonly number[];
}

const edgeSeeds = [0, 1, 0x7fffffff, 0x80000000, 0x9e3779b9, 0xffffffff];
const edgeBuckets = [
  1,
  2,
  3,
  997,
  2 ** 15,
  65535,
  2 ** 16,
  65537,
  10 ** 6 + 3,
  2 ** 22,
  2 ** 23 - 1,
  2 ** 23,
];
const edges = [0, 1, 255, 256, 65534, 65535, 65536, 65537, 2 ** 23 - 1, 2 ** 23, 2 ** 24 - 2, 2 ** 24 - 1];

/** How many pairs of a family were compared in a mode, and the first few that differ, as text. */
export async function comparedMaps(
  mode: GpuMode,
  family: HashFamily,
): Promise<{ pairs: number; wrong: string[] }> {
  // The default hash of every scheme at more places; scripts are slow.
  const side = family === 'xxHash32' ? 1000 : 200;
  const width = family === 'xxHash32' && mode !== 'cpu' ? 2 ** 22 : 2 ** 17;
  const tiles: Tile[] = [
    { ids: range(side), cols: side, seeds: [0x9e3779b9], buckets: [48_611] },
    { ids: edges, cols: 300, seeds: edgeSeeds, buckets: edgeBuckets },
    { ids: [2 ** 24 - 1], cols: width, seeds: [0xc2b2ae35], buckets: [2 ** 23 - 1] },
  ];
  return onBackend(mode, async (backend) => {
    const wrong: string[] = [];
    let pairs = 0;
    for (const tile of tiles) pairs += await compare(backend, family, tile, wrong);
    return { pairs, wrong };
  });
}

async function onBackend<T>(mode: GpuMode, use: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = await createBackend({ mode });
  await useBackend(backend, { strict: true });
  try {
    return await use(backend);
  } finally {
    await useBackend('reference');
    await backend.close();
  }
}

async function compare(
  backend: Backend,
  family: HashFamily,
  { ids, cols, seeds, buckets }: Tile,
  wrong: string[],
): Promise<number> {
  const hash = hashes[family];
  let pairs = 0;
  const upright = signedIndices(family);
  const chosen = tensor(Int32Array.from(ids));
  // Turned, the rows are columns of the map: columns near 2^24 take no matrix that wide.
  for (const isTurned of [false, true])
    for (const seed of seeds)
      for (const count of buckets) {
        const program = isTurned ? transposed(upright) : upright;
        const v = { program, rows: 2 ** 24, cols, uniforms: [seed, count], scalars: [], stored: [] };
        const rows = runVirtualRows(v, chosen, { dtype: 'f32', backend });
        const found = await rows.data();
        rows.dispose();
        for (let at = 0; at < found.length; at++) {
          const [a, b] = [ids[Math.floor(at / cols)] as number, at % cols];
          const h = isTurned ? hash(b, a, seed) : hash(a, b, seed);
          const expected = signOf(h) * (below(h, count) + 1);
          if (found[at] !== expected && wrong.length < 3)
            wrong.push(
              `${found[at]} for ${expected} at ${isTurned ? [b, a] : [a, b]}, seed ${seed}, ${count} buckets`,
            );
        }
        pairs += found.length;
      }
  chosen.dispose();
  return pairs;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

const beyond = 2 ** 24 + 1;

/** What a mode says to rows, columns and stored values that f32 cannot number. */
export async function refusals(mode: GpuMode): Promise<Record<string, string>> {
  return onBackend(mode, async (backend) => {
    const like = { dtype: 'f32', backend } as const;
    const program = signedIndices('xxHash32');
    const v = { program, rows: 2 ** 25, cols: 1, uniforms: [1, 2], scalars: [], stored: [] };
    const cases: Readonly<Record<string, () => Tensor>> = {
      row: () => runVirtualRows(v, tensor(Int32Array.of(beyond)), like),
      rows: () => runVirtualRows({ ...v, rows: beyond }, null, like),
      columns: () => runVirtualRows({ ...v, cols: beyond }, tensor(Int32Array.of(0)), like),
      values: () => tensor(new Float32Array(beyond)),
    };
    const found: Record<string, string> = {};
    for (const [name, make] of Object.entries(cases)) found[name] = await made(make);
    return found;
  });
}

async function made(make: () => Tensor): Promise<string> {
  try {
    await make().data();
    return 'no error';
  } catch (error) {
    return `${error instanceof BackendError}: ${error}`;
  }
}
