// The direction of imports (docs/decisions/0002-formula-package.md and CONTRIBUTING.md), lower packages first.
// Packages in one row do not know each other.
const rows = [
  ['hashing'],
  ['formula', 'datasets', 'codec'],
  ['tensor', 'codegen'],
  ['wasm', 'gpu'],
  ['autodiff'],
  ['space'],
  ['layers'],
  ['training', 'models', 'import', 'export'],
  ['rnn-testing', 'images'],
  ['experiments'],
  ['queue'],
  ['cli'],
  ['funhash'],
];

// Data sets and model files are typed arrays in and out: they stay clear of the numeric packages, and only
// the packages named here read them. Who is absent may import every lower row except these two.
const onlyReadBy = {
  datasets: ['experiments', 'queue', 'cli', 'funhash'],
  codec: ['layers', 'training', 'import', 'export', 'rnn-testing', 'images', 'experiments', 'cli', 'funhash'],
};
const mayImportOnly = { datasets: ['hashing'], codec: ['hashing'] };

const names = rows.flat();
const rowOf = (name) => rows.findIndex((row) => row.includes(name));
const mayImport = (from, to) =>
  from === to ||
  (rowOf(to) < rowOf(from) &&
    (mayImportOnly[from] ?? names).includes(to) &&
    (onlyReadBy[to] ?? names).includes(from));

const within = (list) => `^packages/(${list.join('|')})/`;
// The second form is a package that the importer does not declare, so that its name resolves to nothing.
const named = (list) => [
  `^packages/(${list.join('|')})/`,
  `^(@funhash/)?(${list.join('|')})(/|$)`,
  `node_modules/(@funhash/)?(${list.join('|')})(/|$)`,
];

// Specs, what only they use, and what made their fixtures.
const spec = '[.]spec[.]ts$';
const forSpecs = '[.](spec|spec-kit|fixtures)[.]ts$';
const backends = ['wasm', 'gpu'];

const direction = names.flatMap((name) => {
  const above = names.filter((other) => !mayImport(name, other));
  const forbidden = name === 'tensor' ? above.filter((other) => !backends.includes(other)) : above;
  if (forbidden.length === 0) return [];
  return {
    name: `${name}-imports-down`,
    comment: `${name} may import only what lies below it.`,
    severity: 'error',
    from: { path: within([name]) },
    to: { path: named(forbidden) },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...direction,
    {
      name: 'backends-loaded-by-name',
      comment:
        'tensor reaches a backend only by `await import()`, so that nobody pays for one they do not use.',
      severity: 'error',
      from: { path: within(['tensor']) },
      to: { path: named(backends), dynamic: false },
    },
    ...backends.map((name) => ({
      name: `${name}-loaded-in-one-place`,
      comment: `One module of tensor loads @funhash/${name}.`,
      severity: 'error',
      module: { path: named([name]), numberOfDependentsMoreThan: 1 },
      from: { path: '^packages/tensor/src/' },
    })),
    {
      name: 'packages-stand-alone',
      comment: 'What is published imports nothing from the private members of the workspace.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^(benchmarks|docs|examples|tools)/' },
    },
    {
      name: 'public-entries-only',
      comment: 'Another package is reached through its exports, never through a path into its sources.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-cycle',
      comment: 'Type-only imports count; a backend that tensor loads by name does not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['dynamic-import'] } },
    },
    {
      name: 'entry-without-laws',
      comment: 'fast-check is an optional peer: what users run must load where it is absent.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/(index|bin|.*[.]worker)[.]ts$' },
      to: { path: 'fast-check', reachable: true },
    },
    {
      name: 'schemes-on-top',
      comment: 'What schemes stand on knows none of them.',
      severity: 'error',
      from: {
        path: '^packages/space/src/(bases|contraction|linear-algebra|ops|weight|wrappers)/',
        pathNot: forSpecs,
      },
      to: { path: '^packages/space/src/schemes/' },
    },
    {
      name: 'no-spec-imported',
      severity: 'error',
      from: {},
      to: { path: spec },
    },
    {
      name: 'spec-kit-for-specs',
      comment: 'What is published imports nothing that only specs use.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: forSpecs },
      to: { path: '[.](spec-kit|fixtures)[.]ts$' },
    },
    {
      name: 'no-node-in-browsers',
      comment: 'These packages load in browsers: `await import("node:…")` inside the function that needs it.',
      severity: 'error',
      from: {
        path: '^packages/[^/]+/src/',
        pathNot: [forSpecs, within(['experiments', 'queue', 'cli', 'funhash'])],
      },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: named(backends) },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    moduleSystems: ['es6'],
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@funhash/source', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
};
