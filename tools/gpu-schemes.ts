import { createBackend, type GpuMode } from '@funhash/gpu';
import { dct2d, inBasis, type MatrixShape, schemes, type WeightRequest } from '@funhash/space';
import { type SchemeLawName, schemeLaws } from '@funhash/space/testing';
import { type Backend, useBackend } from '@funhash/tensor';

const { binary, dense, freshNet, funHash, hashedNet, kronecker, lowRank, mpo } = schemes;
const { lsq, productHash, randomEdgeRemoval, robe, stochasticBinary, tensorTrain, ternary, tiles } = schemes;

const size = { ratio: 1 / 2 };
const grid: MatrixShape = { rows: 12, cols: 30 };

/** Weights of every scheme, by the name of the scheme and what is special about them. */
export const requests: Readonly<
  Record<string, { readonly request: WeightRequest; readonly shape?: MatrixShape }>
> = {
  dense: { request: dense() },
  hashedNet: { request: hashedNet(size) },
  'funHash U2-G2': { request: funHash({ ...size, hashes: 2, layers: 2 }) },
  'funHash U4-G3-D': { request: funHash({ ...size, dual: true }) },
  'funHash of two hops': { request: funHash({ ...size, hashes: 1, layers: 2, hops: 2 }) },
  productHash: { request: productHash(size) },
  robe: { request: robe(size) },
  tiles: { request: tiles(size) },
  randomEdgeRemoval: { request: randomEdgeRemoval(size) },
  freshNet: { request: freshNet({ kernel: 3, ratio: 1 / 4 }), shape: { rows: 13, cols: 18 } },
  'hashedNet in a basis': {
    request: inBasis(dct2d({ height: 5, width: 4, keep: 3 }), hashedNet({ ratio: 1 / 4 })),
    shape: { rows: 13, cols: 20 },
  },
  binary: { request: binary() },
  'binary of hashedNet': { request: binary(hashedNet(size)) },
  stochasticBinary: { request: stochasticBinary() },
  ternary: { request: ternary() },
  lsq: { request: lsq() },
  lowRank: { request: lowRank({ rank: 3 }) },
  tensorTrain: {
    request: tensorTrain({ inModes: [3, 5, 2], outModes: [2, 3, 2], ranks: [4, 3] }),
    shape: grid,
  },
  mpo: { request: mpo({ inModes: [6, 5], outModes: [4, 3], bonds: [2] }), shape: grid },
  kronecker: { request: kronecker({ terms: 2 }), shape: grid },
};

/** Laws about schemes alone. */
const ofSchemes = ['seeds', 'spec', 'sizes', 'reach', 'variance', 'projection', 'adjoint', 'second'] as const;

/** Stored values grow with the matrix: none has 2^20 × 2^20 entries. */
const growing =
  /^(dense|randomEdgeRemoval|freshNet|hashedNet in a basis|binary|stochasticBinary|ternary|lsq|lowRank|tensorTrain|mpo|kronecker)$/;

/** Sums of parts take a kernel for each size of the parts: these stand for all in shaders, which compile slowly. */
const added = /^(hashedNet|lowRank)$/;

/** Laws that are not checked on a weight in a mode. */
function exceptOf(mode: GpuMode, name: string): SchemeLawName[] {
  const isScript = mode === 'cpu';
  return [
    ...ofSchemes,
    // A row of 2^20 entries takes scripts long.
    ...(growing.test(name) || (isScript && name !== 'hashedNet') ? (['huge'] as const) : []),
    ...(isScript || added.test(name) ? [] : (['additive'] as const)),
  ];
}

/** The weights of a mode: shaders of many hashes in one expression take minutes to compile. */
export const namesOf = (mode: GpuMode): string[] =>
  Object.keys(requests).filter((name) => mode === 'cpu' || !name.startsWith('funHash U4'));

/** Laws that are checked on a weight in a mode. */
export const checkedLaws = (mode: GpuMode, name: string): string[] =>
  lawsOf(mode, name, []).map((law) => law.name);

function lawsOf(mode: GpuMode, name: string, backends: readonly Backend[]): ReturnType<typeof schemeLaws> {
  const { request, shape } = requests[name] as (typeof requests)[string];
  return schemeLaws(request, { backends, except: exceptOf(mode, name), ...(shape && { shape }) });
}

/** What each law says of weights on the GPU, by name of the weight and of the law: nothing, where it holds. */
export async function schemeReports(
  mode: GpuMode,
  names: readonly string[],
): Promise<Record<string, Record<string, string>>> {
  await useBackend('reference');
  const backend = await createBackend({ mode });
  const reports: Record<string, Record<string, string>> = {};
  for (const name of names) {
    const report: Record<string, string> = {};
    for (const law of lawsOf(mode, name, [backend]))
      report[law.name] = await Promise.resolve()
        .then(law.check)
        .then(() => '', String);
    reports[name] = report;
  }
  await backend.close();
  return reports;
}
