import { createBackend, type GpuMode } from '@funhash/gpu';
import { dct2d, funHash, hashedNet, inBasis, type WeightRequest } from '@funhash/space';
import {
  growsWithMatrix,
  type SampledScheme,
  type SchemeLawName,
  schemeLaws,
  schemeSamples,
} from '@funhash/space/testing';
import { type Backend, useBackend } from '@funhash/tensor';

type Sampled = Pick<SampledScheme, 'shape' | 'except' | 'stdTolerance'> & { readonly request: WeightRequest };

const grid = { shape: { rows: 13, cols: 22 }, except: [], stdTolerance: 0.1 };
const size = { ratio: 1 / 2 };

/** Weights of every scheme, and by hand those that are special for shaders. */
const sampled: Readonly<Record<string, Sampled>> = {
  ...Object.fromEntries(
    Object.values(schemeSamples()).flatMap((samples) =>
      samples.map(({ scheme, requests, ...sample }): [string, Sampled] => [
        scheme.definition.kind,
        { ...sample, request: requests[0] as WeightRequest },
      ]),
    ),
  ),
  'funHash U2-G2': { ...grid, request: funHash({ ...size, hashes: 2, layers: 2 }) },
  'funHash U4-G3-D': { ...grid, request: funHash({ ...size, dual: true }) },
  'funHash of two hops': { ...grid, request: funHash({ ...size, hashes: 1, layers: 2, hops: 2 }) },
  'hashedNet in a basis': {
    ...grid,
    request: inBasis(dct2d({ height: 5, width: 4, keep: 3 }), hashedNet({ ratio: 1 / 4 })),
    shape: { rows: 13, cols: 20 },
  },
};

/** Laws about schemes alone. */
const ofSchemes = ['seeds', 'spec', 'sizes', 'reach', 'variance', 'projection', 'adjoint', 'second'] as const;

/** Sums of parts take a kernel for each size of the parts: these stand for all in shaders, which compile slowly. */
const added = /^(hashedNet|lowRank)$/;

/** Laws that are not checked on a weight in a mode. */
function exceptOf(mode: GpuMode, name: string): SchemeLawName[] {
  const { request, shape, except } = sampled[name] as Sampled;
  const isScript = mode === 'cpu';
  return [
    ...ofSchemes,
    ...except,
    // A row of 2^20 entries takes scripts long.
    ...((isScript && name !== 'hashedNet') || growsWithMatrix(request, shape) ? (['huge'] as const) : []),
    ...(isScript || added.test(name) ? [] : (['additive'] as const)),
  ];
}

/** Four hashes in one expression: shaders of them take minutes to compile. */
const long = /^funHash( U4|$)/;

/** The weights of a mode. */
export const namesOf = (mode: GpuMode): string[] =>
  Object.keys(sampled).filter((name) => mode === 'cpu' || !long.test(name));

/** Laws that are checked on a weight in a mode. */
export const checkedLaws = (mode: GpuMode, name: string): string[] =>
  lawsOf(mode, name, []).map((law) => law.name);

function lawsOf(mode: GpuMode, name: string, backends: readonly Backend[]): ReturnType<typeof schemeLaws> {
  const { request, shape } = sampled[name] as Sampled;
  return schemeLaws(request, { backends, shape, except: exceptOf(mode, name) });
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
