// What a user gets: packs every package, installs the tarballs into an empty folder without install scripts,
// runs the README's example there in Node, then bundled by Vite in headless Chromium, and compares what they print.
//
//   tsx tools/packed-install.ts [--snippet file]     default: the first code block under README's "Example"
//   CHROMIUM=/path/to/chromium                       default: where Debian puts it

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { x } from 'tinyexec';
import ts from 'typescript';
import { build, preview } from 'vite';
import { chromiumPath, hasChromium, inChromium } from './chromium.ts';
import { inTemporaryFolder, type Packed, packAll } from './packed.ts';

const alwaysInstalled = ['@funhash/layers', '@funhash/training'];

// Both environments print through this, so that arrays and typed arrays read alike.
const recorder = `const lines = [];
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
const show = (value) => (typeof value === 'string' ? value : JSON.stringify(value, plain));
console.log = (...values) => lines.push(values.map(show).join(' '));
`;

class CheckFailed extends Error {}

try {
  await main();
} catch (error) {
  if (!(error instanceof CheckFailed)) throw error;
  console.error(`FAILED: ${error.message}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { snippet: { type: 'string' } } });
  const snippet =
    values.snippet === undefined ? await readmeExample() : await readFile(values.snippet, 'utf8');
  await inTemporaryFolder(async (folder) => {
    await install(folder, snippet);
    const inNode = await runInNode(folder);
    console.log(`Node ${process.version} prints\n${inNode.map((line) => `    ${line}`).join('\n')}`);
    await bundle(folder);
    requireSame(inNode, await runInChromium(folder));
    console.log('Chromium prints the same');
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

async function install(folder: string, snippet: string): Promise<void> {
  const packed = await packAll(folder);
  const imported = packed
    .map(({ name }) => name)
    .filter((name) => new RegExp(`from\\s+['"]${name}['"]`).test(snippet));
  const wanted = new Set([...alwaysInstalled, ...imported]);
  const fileOf = ({ name, tarball }: Packed) => [name, `file:${tarball}`] as const;
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(packed.filter(({ name }) => wanted.has(name)).map(fileOf)),
    overrides: Object.fromEntries(packed.filter(({ name }) => !wanted.has(name)).map(fileOf)),
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const npm = await x('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    nodeOptions: { cwd: folder },
  });
  if (npm.exitCode !== 0) throw new CheckFailed(`npm install:\n${npm.stdout}${npm.stderr}`);
  await requireNoInstallScripts(folder);
  console.log(`installed ${[...wanted].join(', ')} from tarballs`);

  const { outputText } = ts.transpileModule(snippet, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  await writeFile(join(folder, 'snippet.mjs'), outputText);
}

async function requireNoInstallScripts(folder: string): Promise<void> {
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
  };
  const scripted = Object.keys(lock.packages).filter((path) => lock.packages[path]?.hasInstallScript);
  if (scripted.length > 0) throw new CheckFailed(`install scripts in ${scripted.join(', ')}`);
}

async function runInNode(folder: string): Promise<readonly string[]> {
  await writeFile(
    join(folder, 'node.mjs'),
    `${recorder}const print = process.stdout.write.bind(process.stdout);
await import('./snippet.mjs');
print(JSON.stringify(lines));
`,
  );
  const node = await x('node', ['node.mjs'], { nodeOptions: { cwd: folder } });
  if (node.exitCode !== 0) throw new CheckFailed(`the example in Node:\n${node.stdout}${node.stderr}`);
  const lines = JSON.parse(node.stdout) as readonly string[];
  if (lines.length === 0) throw new CheckFailed('the example prints nothing, so there is nothing to compare');
  return lines;
}

async function bundle(folder: string): Promise<void> {
  const site = join(folder, 'site');
  await mkdir(site);
  await writeFile(join(site, 'index.html'), '<script type="module" src="/main.mjs"></script>');
  await writeFile(
    join(site, 'main.mjs'),
    `${recorder}globalThis.printed = import('../snippet.mjs').then(() => lines);\n`,
  );
  const output = await build({
    root: site,
    configFile: false,
    logLevel: 'error',
    build: { target: 'esnext', modulePreload: false },
  });
  const outputs = Array.isArray(output) ? output : [output];
  const chunks = outputs
    .flatMap((result) => ('output' in result ? result.output : []))
    .filter((chunk) => chunk.type === 'chunk');
  const example = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith('snippet.mjs'));
  const atStart = new Set<string>();
  const visit = (fileName: string): void => {
    if (atStart.has(fileName)) return;
    atStart.add(fileName);
    for (const imported of chunks.find((chunk) => chunk.fileName === fileName)?.imports ?? [])
      visit(imported);
  };
  if (example) visit(example.fileName);
  const kilobytes = (counted: typeof chunks): string =>
    (counted.reduce((sum, { code }) => sum + gzipSync(code).length, 0) / 1000).toFixed(1);
  console.log(
    `bundled by Vite: ${kilobytes(chunks)} kB gzip, ` +
      `${kilobytes(chunks.filter(({ fileName }) => atStart.has(fileName)))} of it when the example starts`,
  );
}

async function runInChromium(folder: string): Promise<readonly string[]> {
  if (!hasChromium)
    throw new CheckFailed(`no Chromium at ${chromiumPath}: install it, or name one in CHROMIUM`);
  const server = await preview({
    root: join(folder, 'site'),
    configFile: false,
    logLevel: 'error',
    preview: { host: '127.0.0.1', port: 0 },
  });
  try {
    const lines = await inChromium(async (page) => {
      await page.goto(server.resolvedUrls?.local[0] as string);
      return page.evaluate('globalThis.printed') as Promise<readonly string[] | undefined>;
    }).catch((error: unknown) => {
      throw new CheckFailed(`the example in Chromium: ${String(error)}`);
    });
    if (lines === undefined) throw new CheckFailed('the example in Chromium did not start');
    return lines;
  } finally {
    await server.close();
  }
}

/**
 * Text and integers must agree exactly. Other numbers may differ by 1 %: fused multiply-add is there in one
 * engine and absent in the other, and training amplifies a last digit.
 */
function requireSame(inNode: readonly string[], inChromium: readonly string[]): void {
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
      `Node printed\n${inNode.join('\n')}\nbut Chromium printed\n${inChromium.join('\n')}`,
    );
}
