import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { LibraryName } from './libraries.ts';

/** The smallest program that uses a library for its job. */
export interface Program {
  readonly name: string;
  readonly library: LibraryName;
  readonly source: string;
  /** Whether it can be run, and tells when its imports and when its first step were done. */
  readonly runs: boolean;
  /** What a page has to fetch besides the bundle, as paths of packages. */
  readonly files?: readonly string[];
  /** The entry that a page imports instead of Node's. */
  readonly onPages?: Readonly<Record<string, string>>;
  /** Conditions under which packages are resolved, besides those of every bundle. */
  readonly conditions?: readonly string[];
}

const withoutWasm = { conditions: ['funhash-reference'], runs: false } as const;

export const programs: readonly Program[] = [
  { name: 'funhash: layers and training', library: 'funhash', source: 'programs/train.ts', runs: true },
  { name: 'funhash: prediction only', library: 'funhash', source: 'programs/predict.ts', runs: false },
  {
    name: 'funhash: training, without WebAssembly',
    library: 'funhash',
    source: 'programs/train.ts',
    ...withoutWasm,
  },
  {
    name: 'funhash: prediction only, without WebAssembly',
    library: 'funhash',
    source: 'programs/predict.ts',
    ...withoutWasm,
  },
  {
    name: 'funhash: a page that only predicts, by compiled code',
    library: 'funhash',
    source: 'programs/predict-by-code.ts',
    runs: false,
  },
  {
    name: 'funhash: a page that only predicts, without WebAssembly',
    library: 'funhash',
    source: 'programs/predict-by-plan.ts',
    runs: false,
  },
  {
    name: 'funhash: a page that only predicts, by either',
    library: 'funhash',
    source: 'programs/predict-by-either.ts',
    runs: false,
  },
  { name: 'jax-js: training', library: 'jax', source: 'rivals/programs/train-jax.ts', runs: true },
  {
    name: 'tfjs core, layers, wasm: training',
    library: 'tfjsWasm',
    source: 'rivals/programs/train-tfjs.ts',
    runs: true,
    files: ['@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'],
  },
  { name: 'brain.js: training', library: 'brain', source: 'rivals/programs/train-brain.ts', runs: true },
  {
    name: 'onnxruntime-web wasm: prediction only',
    library: 'ortWeb',
    source: 'rivals/programs/predict-ort-web.ts',
    runs: true,
    files: ['onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'],
    onPages: { 'onnxruntime-web': 'onnxruntime-web/wasm' },
  },
  {
    name: 'onnxruntime-node: prediction only',
    library: 'ortNode',
    source: 'rivals/programs/predict-ort-node.ts',
    runs: true,
  },
];

const root = fileURLToPath(new URL('../', import.meta.url));
const rivalModules = join(root, 'rivals/node_modules');

let isBuilt = false;

/** Builds our packages as they are published, once in a run: programs import what users install. */
export function buildPackages(): void {
  if (isBuilt) return;
  const { status } = spawnSync('npx', ['-y', 'pnpm@12', 'build'], {
    cwd: join(root, '..'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('The packages could not be built.');
  isBuilt = true;
}

/** The program in JavaScript, its imports left as they are, where Node finds what it imports. Gives its path. */
export async function compiled({ source }: Program): Promise<string> {
  const outfile = join(root, dirname(dirname(source)), 'dist', source.replace(/.*\/(.*)\.ts$/, '$1.mjs'));
  await build({
    entryPoints: [join(root, source)],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  return outfile;
}

export interface BundleSize {
  readonly scriptBytes: number;
  readonly scriptGzipBytes: number;
  readonly filesGzipBytes: number;
}

/**
 * What a page downloads to start: the program with all that it imports, minified, and files fetched by it; not the
 * parts that are imported only when something asks for them.
 */
export async function bundleSize({
  source,
  files = [],
  onPages = {},
  conditions = [],
}: Program): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, source)],
    absWorkingDir: root,
    nodePaths: [rivalModules],
    alias: onPages,
    conditions: ['module', ...conditions],
    outdir: 'dist',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: [...builtinModules, 'node:*', '@funhash/gpu'],
    logLevel: 'error',
  });
  const [entry] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === source) ?? [
    '',
  ];
  const needed = new Set([entry]);
  for (const path of needed)
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) needed.add(next);
  const scripts = outputFiles.filter(({ path }) => needed.has(relative(root, path)));
  const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);
  const zipped = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 9 });
  const contents = scripts.map((script) => script.contents);
  const fetched = files.map((path) => readFileSync(join(rivalModules, path)));
  return {
    scriptBytes: sizeOf(contents),
    scriptGzipBytes: sizeOf(contents.map(zipped)),
    filesGzipBytes: sizeOf(fetched.map(zipped)),
  };
}
