import { matmul } from '@funhash/autodiff';
import { type Node, type Program, rewrite, transposed } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { type Backend, currentBackend, type Kernels, referenceBackend } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Formula } from './formula.ts';
import { structural, uniform } from './options.ts';
import { defineScheme, type SchemeDefinition, type WeightRequest } from './scheme.ts';
import { lowRank } from './schemes/low-rank.ts';
import { productHash } from './schemes/product-hash.ts';
import { type Law, type SchemeLawName, type SchemeLawOptions, schemeLaws } from './testing.ts';
import { createWeight } from './weight/create-weight.ts';
import { uniformValues } from './weight/start-values.ts';

const options = { buckets: uniform.count(), seed: uniform.seed() };
type Hashed = SchemeDefinition<typeof options, 'w'>;

const sound: Hashed = {
  kind: 'sound',
  source: 'HashedNets, to plant faults in',
  options,
  plan: ({ budget }) => (budget === undefined ? {} : { buckets: budget }),
  stored: ({ buckets }) => ({ w: [buckets] }),
  initialize: ({ options: { buckets }, draw, std }) => ({ w: uniformValues(draw, buckets, std) }),
  entry: ({ row, col, hash }, { w }, { buckets, seed }) => {
    const h = hash(row, col, seed);
    return w.at(h.below(buckets)).times(h.asSign());
  },
};

const values = 40;
const withFault = (change: Partial<Hashed>): WeightRequest =>
  defineScheme<typeof options, 'w'>({ ...sound, ...change })({ values });

// A scheme that keeps something besides its stored values.
let hidden = 0;

const ofSchemes: [law: SchemeLawName, fault: string, request: WeightRequest][] = [
  [
    'huge',
    'the row counts modulo 2^16',
    withFault({
      entry: ({ row, ...entry }, ...rest) => sound.entry({ ...entry, row: row.and(0xffff) }, ...rest),
    }),
  ],
  [
    'huge',
    'the key is a linear index of 32 bits',
    withFault({
      entry: ({ row, col, cols, ...entry }, ...rest) =>
        sound.entry({ ...entry, row: row.times(cols).plus(col), col: col.times(0), cols }, ...rest),
    }),
  ],
  [
    'seeds',
    'the hash is unseeded',
    withFault({
      entry: ({ row, col, hash }, { w }, { buckets, seed }) => {
        const h = hash(row, col, seed.plus(Math.floor(Math.random() * 2 ** 32)));
        return w.at(h.below(buckets)).times(h.asSign());
      },
    }),
  ],
  [
    'seeds',
    'the seed is ignored',
    withFault({
      entry: (entry, stored, given) => sound.entry(entry, stored, { ...given, seed: given.seed.times(0) }),
    }),
  ],
  [
    'seeds',
    'start values are unseeded',
    withFault({
      initialize: ({ options: { buckets }, std }) => ({
        w: Float64Array.from({ length: buckets }, () => (Math.random() - 0.5) * std * Math.sqrt(12)),
      }),
    }),
  ],
  [
    'spec',
    'a value is kept outside of the stored ones',
    withFault({
      initialize: (request) => {
        hidden = request.draw.normal();
        return sound.initialize(request);
      },
      entry: (...given) => sound.entry(...given).plus(hidden),
    }),
  ],
  [
    'sizes',
    'more is stored than planned',
    defineScheme({
      ...sound,
      stored: ({ buckets }) => ({ w: [buckets], extra: [3] }),
      initialize: (request) => ({ ...sound.initialize(request), extra: new Float64Array(3) }),
      entry: (entry, { w, extra }, given) => sound.entry(entry, { w }, given).plus(extra.at(0)),
    })({ values }),
  ],
  ['sizes', 'more is stored than checked', withFault({ stored: storedLater() })],
  [
    'reach',
    'half of the buckets are out of reach',
    withFault({
      entry: ({ row, col, hash }, { w }, { buckets, seed }) => {
        const h = hash(row, col, seed);
        return w.at(h.shr(1).below(buckets)).times(h.asSign());
      },
    }),
  ],
  [
    'reach',
    'an array is never used',
    defineScheme({
      ...sound,
      plan: ({ budget = 0 }) => ({ buckets: budget - 2 }),
      stored: ({ buckets }) => ({ w: [buckets], idle: [2] }),
      initialize: (request) => ({ ...sound.initialize(request), idle: new Float64Array(2) }),
      entry: (entry, { w }, given) => sound.entry(entry, { w }, given),
    })({ values }),
  ],
  [
    'reach',
    'an array is read and not used',
    defineScheme({
      ...sound,
      plan: ({ budget = 0 }) => ({ buckets: budget - 1 }),
      stored: ({ buckets }) => ({ w: [buckets], idle: [1] }),
      initialize: (request) => ({ ...sound.initialize(request), idle: new Float64Array(1) }),
      entry: (entry, { w, idle }, given) =>
        entry.row.lessThan(0).select(idle.at(0), sound.entry(entry, { w }, given)),
    })({ values }),
  ],
  [
    'variance',
    'start values are spread as if V were a sum of two',
    withFault({
      initialize: (request) => sound.initialize({ ...request, std: request.std / Math.SQRT2 }),
    }),
  ],
  [
    'apply',
    'the contraction forgets the bias',
    defineScheme({
      ...lowRank.definition,
      apply: (x, { a, b }) => matmul(matmul(x, b as typeof x), a as typeof x, { transposeB: true }),
    })({ ratio: 1 / 4 }),
  ],
];

function storedLater(): Hashed['stored'] {
  let calls = 0;
  return ({ buckets }) => ({ w: [calls++ === 0 ? buckets : buckets + 1] });
}

/** A request of a scheme whose derived programs are replaced. */
function withDerived(
  request: WeightRequest,
  replace: (formula: Formula) => PropertyDescriptorMap,
): WeightRequest {
  const { formula } = createWeight(request, { rows: 2, cols: 2 }).virtual;
  Object.defineProperties(formula, replace(formula));
  return request;
}

const ofDerivatives: [law: SchemeLawName, fault: string, request: () => WeightRequest][] = [
  [
    'adjoint',
    'the adjoint takes rows for columns',
    () => withDerived(withFault({}), (formula) => ({ adjoint: { value: transposed(formula.adjoint) } })),
  ],
  [
    'adjoint',
    'the adjoint drops the sign',
    () => withDerived(withFault({}), (formula) => ({ adjoint: { value: withoutSigns(formula.adjoint) } })),
  ],
  [
    'adjoint',
    'the transposed formula is the formula',
    () => withDerived(withFault({}), (formula) => ({ transposed: { value: formula } })),
  ],
  [
    'projection',
    'the derivative drops the sign',
    () =>
      withDerived(withFault({}), (formula) => ({
        tangent: { value: new Formula(withoutSigns(formula.tangent.program)) },
      })),
  ],
  [
    'second',
    'a product is taken for linear',
    () =>
      withDerived(defineScheme({ ...productHash.definition })({ values }), () => ({
        isLinear: { value: true },
      })),
  ],
];

function withoutSigns(program: Program): Program {
  const plain = ({ op, value }: Node): Pick<Node, 'op' | 'value'> =>
    op === 'asSign' ? { op: 'real', value: 1 } : { op, value };
  return rewrite(program, plain);
}

const { kernels: reference } = referenceBackend as { kernels: Kernels };

const ofBackends: [law: SchemeLawName, fault: string, kernels: Partial<Kernels>][] = [
  [
    'tile',
    'chosen rows are numbered from 0',
    {
      virtualRows: (v, _ids, out) => reference.virtualRows({ ...v, rows: out.shape[0] as number }, null, out),
    },
  ],
  [
    'words',
    'signs are lost',
    {
      virtualRows: (v, ids, out) =>
        reference.virtualRows({ ...v, program: withoutSigns(v.program) }, ids, out),
    },
  ],
  [
    'huge',
    'columns are numbered from the start of a panel',
    {
      virtualRows: (v, ids, out) => {
        if (v.cols < 2 ** 20 || !ids) return reference.virtualRows(v, ids, out);
        const half = v.cols / 2;
        for (const offset of [0, half])
          reference.virtualRows({ ...v, cols: half }, ids, { ...viewOf(out), shape: [1, half], offset });
      },
    },
  ],
  [
    'fused',
    'the product has V for Vᵀ',
    {
      virtualMatmul: (x, v, out, epilogue) =>
        reference.virtualMatmul(x, { ...v, program: transposed(v.program) }, out, epilogue),
    },
  ],
  [
    'fused',
    'the fold drops the sign',
    {
      virtualFold: (dY, x, v, adjoint, outs) => reference.virtualFold(dY, x, v, withoutSigns(adjoint), outs),
    },
  ],
  [
    'fused',
    'the fold takes rows for columns',
    {
      virtualFold: (dY, x, v, adjoint, outs) => reference.virtualFold(dY, x, v, transposed(adjoint), outs),
    },
  ],
  [
    'additive',
    'the fold overwrites what is there',
    {
      virtualFold: (dY, x, v, adjoint, outs) => {
        for (const out of outs) reference.fill(out, 0);
        reference.virtualFold(dY, x, v, adjoint, outs);
      },
    },
  ],
  [
    'additive',
    'only the last image of a batch is folded',
    {
      virtualFold: (dY, x, v, adjoint, outs) => {
        const last = (view: typeof x) => ({
          ...viewOf(view),
          shape: [1, view.shape[1] as number],
          offset: view.offset + ((view.shape[0] as number) - 1) * (view.strides[0] as number),
        });
        reference.virtualFold(last(dY), last(x), v, adjoint, outs);
      },
    },
  ],
  [
    'additive',
    'a row chosen twice is folded once',
    {
      foldRows: (dOut, ids, v, adjoint, outs) => {
        if (!ids) return reference.foldRows(dOut, ids, v, adjoint, outs);
        const width = v.cols;
        const chosen = (ids as unknown as { dataSync(): Int32Array }).dataSync();
        chosen.forEach((id, k) => {
          if (chosen.indexOf(id) !== k) return;
          const row = { ...viewOf(dOut), shape: [1, width], offset: dOut.offset + k * width };
          const one = { ...viewOf(ids), shape: [1], offset: ids.offset + k };
          reference.foldRows(row, one, v, adjoint, outs);
        });
      },
    },
  ],
  [
    'policies',
    'a product with a kept matrix forgets the bias',
    { matmul: (a, b, out) => reference.matmul(a, b, out) },
  ],
];

function viewOf<V extends Parameters<Kernels['fill']>[0]>({ buffer, dtype, shape, strides, offset }: V) {
  return { buffer, dtype, shape, strides, offset };
}

function lawNamed(name: SchemeLawName, request: WeightRequest, given: SchemeLawOptions = {}): Law {
  const law = schemeLaws(request, given).find((candidate) => candidate.name === name);
  if (law === undefined) throw new Error(`no law ${name}`);
  return law;
}

const saidBy = (name: SchemeLawName): RegExp => new RegExp(`^${name}: `);

describe('a sound scheme obeys', () => {
  const again: Backend = { ...referenceBackend, name: 'another' };
  for (const law of schemeLaws(withFault({}), { backends: [again] })) test(law.name, law.check);
});

test.each(ofSchemes)('law %s catches: %s', async (name, _fault, request) => {
  await expect(lawNamed(name, request).check()).rejects.toThrow(saidBy(name));
});

test.each(ofDerivatives)('law %s catches: %s', async (name, _fault, request) => {
  await expect(lawNamed(name, request()).check()).rejects.toThrow(saidBy(name));
});

test.each(ofBackends)('law %s catches on a backend: %s', async (name, _fault, kernels) => {
  const backend: Backend = { ...referenceBackend, name: 'faulty', kernels: { ...reference, ...kernels } };
  const request = withFault({});
  const before = currentBackend();
  await expect(lawNamed(name, request, { backends: [backend] }).check()).rejects.toThrow(saidBy(name));
  expect(currentBackend()).toBe(before);
});

test('excepted laws are left out, unknown ones refused', () => {
  const names = schemeLaws(withFault({}), { except: ['huge', 'words'] }).map(({ name }) => name);
  expect(names).not.toContain('huge');
  expect(names).not.toContain('apply');
  expect(() => schemeLaws(withFault({}), { except: ['tiles' as SchemeLawName] })).toThrow(ArgumentError);
});

test('a law that cannot be checked says which to leave out', async () => {
  await expect(lawNamed('huge', lowRank({ rank: 1 })).check()).rejects.toThrow('except huge');
  await expect(
    lawNamed('reach', withFault({}), { shape: { rows: 1, cols: 1 } }).check(),
  ).resolves.toBeUndefined();
});

test('laws of a scheme draw options: a fault that one of them has is found, and the options named', async () => {
  const wide = defineScheme({
    kind: 'wide',
    source: 'a fault of one option',
    options: { ...options, width: structural.integer({ default: 1, least: 1, most: 4 }) },
    plan: ({ budget }) => (budget === undefined ? {} : { buckets: budget }),
    stored: ({ buckets }) => ({ w: [buckets] }),
    initialize: ({ options: { buckets }, draw, std }) => ({ w: uniformValues(draw, buckets, std) }),
    entry: ({ row, col, hash }, { w }, { buckets, seed, width }) => {
      const h = hash(row, col, seed);
      return w.at((width === 3 ? h.shr(1) : h).below(buckets)).times(h.asSign());
    },
  });
  const reach = (drawn: number): Law =>
    schemeLaws(wide, { drawn }).find(({ name }) => name === 'reach') as Law;
  await reach(0).check();
  await expect(reach(20).check()).rejects.toThrow(/have none.* With drawn options .*"width":3/);
});
