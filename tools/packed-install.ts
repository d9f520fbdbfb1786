// What a user gets: packs every package and installs the tarballs into empty folders without install scripts. There,
// `npm i funhash` has its size, its types and its command; the README's example runs in Node, Deno and Bun, and bundled by
// each bundler as a page and as a worker in headless Chromium; and all print the same.
//
//   tsx tools/packed-install.ts [--snippet file]     default: the first code block under README's "Example"
//   CHROMIUM=/path/to/chromium                       default: where Debian puts it

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { preview } from 'vite';
import { type Bundler, bundlers } from './bundlers.ts';
import { chromiumPath, hasChromium, inChromium } from './chromium.ts';
import { CheckFailed, installPacked, inTemporaryFolder, type Packed, packAll } from './packed.ts';
import { checkEngines } from './packed-engines.ts';
import { checkWhole } from './packed-whole.ts';

const alwaysInstalled = ['@funhash/layers', '@funhash/training'];

// Both environments print through this, so that arrays and typed arrays read alike.
const recorder = `const lines = [];
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
const show = (value) => (typeof value === 'string' ? value : JSON.stringify(value, plain));
console.log = (...values) => lines.push(values.map(show).join(' '));
`;

try {
  await main();
} catch (error) {
  if (!(error instanceof CheckFailed)) throw error;
  console.error(`FAILED: ${error.message}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  // Where pnpm runs scripts, Node finds packages of this repository by it, which no user has.
  delete process.env.NODE_PATH;
  const { values } = parseArgs({ options: { snippet: { type: 'string' } } });
  const snippet =
    values.snippet === undefined ? await readmeExample() : await readFile(values.snippet, 'utf8');
  await inTemporaryFolder(async (home) => {
    const packed = await packAll(home);
    await checkWhole(join(home, 'whole'), packed);
    const folder = join(home, 'consumer');
    await install(folder, packed, snippet);
    const inNode = await checkEngines(folder, recorder, requireSame);
    for (const bundler of bundlers) await checkBundled(folder, bundler, inNode);
  });
}

async function readmeExample(): Promise<string> {
  const readme = new URL('../README.md', import.meta.url);
  if (!existsSync(readme)) throw new CheckFailed('there is no README.md to take the example from');
  const text = await readFile(readme, 'utf8');
  const block = /^#+ Example\b[\s\S]*?^```(?:ts|js|typescript|javascript)\n([\s\S]*?)^```/m.exec(text)?.[1];
  if (block === undefined) throw new CheckFailed('README.md has no ts or js block under a heading "Example"');
  return block;
}

async function install(folder: string, packed: readonly Packed[], snippet: string): Promise<void> {
  const imported = packed
    .map(({ name }) => name)
    .filter((name) => new RegExp(`from\\s+['"]${name}['"]`).test(snippet));
  const wanted = new Set([...alwaysInstalled, ...imported]);
  await installPacked(folder, packed, wanted);
  console.log(`installed ${[...wanted].join(', ')} from tarballs`);

  const { outputText } = ts.transpileModule(snippet, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  await writeFile(join(folder, 'snippet.mjs'), outputText);
  // The same without `await` at the top level, which scripts that are no modules have not.
  const imports = outputText.match(/^import [\s\S]*?;\n/gm) ?? [];
  const rest = imports.reduce((text, line) => text.replace(line, ''), outputText);
  const inFunction = `${imports.join('')}export const done = (async () => {\n${rest}})();\n`;
  await writeFile(join(folder, 'snippet-in-function.mjs'), inFunction);
  const { outputText: required } = ts.transpileModule(inFunction, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  await writeFile(join(folder, 'snippet.cjs'), required);
}

/** Bundles the example as a page and as a worker of that page, and compares what both print. */
async function checkBundled(folder: string, bundler: Bundler, inNode: readonly string[]): Promise<void> {
  const { name } = bundler;
  const site = join(folder, `site ${name}`);
  await mkdir(site);
  await writeFile(
    join(site, 'main.mjs'),
    `${recorder}globalThis.printed = import('../snippet-in-function.mjs').then(({ done }) => done).then(() => lines);
globalThis.printedByWorker = () =>
  new Promise((resolve, reject) => {
    const worker = ${bundler.startWorker};
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
`,
  );
  // Imports of a worker are not made later: bundlers that make one file of it refuse to split.
  await writeFile(join(site, 'recorder.mjs'), `${recorder}export { lines };\n`);
  await writeFile(
    join(site, 'worker.mjs'),
    `import { lines } from './recorder.mjs';
import { done } from '../snippet-in-function.mjs';
done.then(() => postMessage(lines), (error) => postMessage([String(error)]));
`,
  );
  const warnings = await bundler.bundle({ folder: site }).catch((error: unknown) => {
    throw new CheckFailed(`${name}: ${String(error)}`);
  });
  if (warnings.length > 0) throw new CheckFailed(`${name} warns:\n${warnings.join('\n')}`);
  const [page, worker] = await runInChromium(join(site, 'dist'), name);
  requireSame(inNode, page, `${name}, in the page`);
  requireSame(inNode, worker, `${name}, in a worker`);
  console.log(`${name}: ${await sizesOf(join(site, 'dist'))}; page and worker print the same`);
}

/** All scripts of a folder, minified or not, as a server that compresses would send them. */
async function sizesOf(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
  const lengths = await Promise.all(
    files.map(async (file) => gzipSync(await readFile(join(folder, file))).length),
  );
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return `${(total / 1000).toFixed(1)} kB gzip in ${files.length} files`;
}

async function runInChromium(folder: string, name: string): Promise<readonly (readonly string[])[]> {
  if (!hasChromium)
    throw new CheckFailed(`no Chromium at ${chromiumPath}: install it, or name one in CHROMIUM`);
  const server = await preview({
    root: folder,
    build: { outDir: '.' },
    configFile: false,
    logLevel: 'error',
    preview: { host: '127.0.0.1', port: 0 },
  });
  try {
    return await inChromium(async (page) => {
      await page.goto(server.resolvedUrls?.local[0] as string);
      const ofPage = await page.evaluate('globalThis.printed');
      const ofWorker = await page.evaluate('globalThis.printedByWorker()');
      return [ofPage, ofWorker] as readonly (readonly string[])[];
    });
  } catch (error) {
    throw new CheckFailed(`${name}, in Chromium: ${String(error)}`);
  } finally {
    await server.close();
  }
}

/**
 * Text and integers must agree exactly. Other numbers may differ by 1 %: fused multiply-add is there in one
 * engine and absent in the other, and training amplifies a last digit.
 */
function requireSame(
  inNode: readonly string[],
  inChromium: readonly string[] | undefined,
  where: string,
): void {
  if (inChromium === undefined) throw new CheckFailed(`${where}: the example did not start`);
  const number = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;
  const agree = (a: string, b: string): boolean => {
    if (a.replace(number, '#') !== b.replace(number, '#')) return false;
    const theirs = b.match(number) ?? [];
    return (a.match(number) ?? []).every((mine, i) => closeEnough(mine, theirs[i] ?? ''));
  };
  const closeEnough = (a: string, b: string): boolean =>
    a === b ||
    (/[.e]/i.test(a + b) && Math.abs(Number(a) - Number(b)) <= 0.01 * Math.max(Math.abs(Number(a)), 0.01));
  const same =
    inNode.length === inChromium.length && inNode.every((line, i) => agree(line, inChromium[i] ?? ''));
  if (!same)
    throw new CheckFailed(
      `Node printed\n${inNode.join('\n')}\nbut ${where}, Chromium printed\n${inChromium.join('\n')}`,
    );
}
